# Telling people: text messages, reminders, calendars, notices of the browser.
telling-mail-moved-subject = Interview moved to { $when }: { $with }
telling-mail-moved =
    Your video interview with { $with } has a new time.
    New time: { $when }
    When it is time, open { $link }
    If this does not suit you, move or cancel it on that page.
telling-mail-day-subject = Reminder of your interview: { $when }, { $with }
telling-mail-day =
    You have a video interview with { $with }.
    Time: { $when }
    When it is time, open { $link }
    If you cannot come, cancel it on that page, so that the other side knows early.
telling-mail-hour-subject = Your interview is in an hour: { $with }
telling-mail-hour =
    Your video interview with { $with } is less than an hour away.
    Time: { $when }
    Find a quiet place with a good network, and when it is time open { $link }
telling-short-booked = Interview booked: { $with }, { $when }. Details: { $link }
telling-short-moved = Interview moved: { $with }, now { $when }. Details: { $link }
telling-short-cancelled = Interview cancelled: { $with }, was { $when }.
telling-short-invited = { $with } invites you to an interview: { $when }. Answer by { $until }: { $link }
telling-short-choose = { $with } invites you to an interview about “{ $title }”. Choose a time: { $link }
telling-short-offered = A time is free with { $with }: { $when }, kept until { $until }. Confirm: { $link }
telling-short-proposed = { $with } would rather meet at { $when }. Answer by { $until }: { $link }
telling-short-declined = { $with } declined the interview at { $when }.
telling-short-reminder = Interview reminder: { $with }, { $when }. Join: { $link }
telling-short-soon = Interview starts soon: { $with }. You can join now: { $link }
telling-reminder-24h = 24 hours before
telling-reminder-1h = 1 hour before
telling-reminder-10min = 10 minutes before
telling-reminders = Reminders
telling-reminders-none = No more reminders will be sent
telling-settings-link = How you are told

telling-calendar-name = Spring Breeze interviews
telling-reply-wrong = This is no calendar reply to this interview
telling-reply-old = The interview has changed since; this calendar reply is out of date and nothing was changed
telling-reply-confirm = Your calendar declined the interview ({ $with }, { $when }). If you cannot come, cancel it here
telling-push-wrong = The push address that this browser gave cannot be used

telling-title = How you are told
telling-lead = Interviews booked, moved and cancelled, and reminders, reach you by the ways you choose.
telling-ways-title = Tell me by
telling-ways-lead = By ticking a way you agree to get messages about your applications and interviews by it. We send no advertising, and you can change this at any time.
telling-way-email = E-mail
telling-way-phone = Text message
telling-way-push = Browser notifications
telling-ways-note = Sign-in codes are not affected. Whatever you choose, the bell on every page shows your notices once you are signed in.
telling-ways-none = Nothing can reach you now; you will only see notices here when you sign in.
telling-way-missing = None confirmed yet
telling-said-yes = Agreed on
telling-said-no = Declined on
telling-said-default = You confirmed this contact, so it is used until you say otherwise
telling-push-first = First turn on notifications of this browser below
telling-save = Save
telling-saved = Saved

telling-push-title = Browser notifications
telling-push-lead = This browser then tells you even while no page is open.
telling-push-on = Turn on in this browser
telling-push-remove = Turn off
telling-push-removed = Turned off
telling-push-browser = Browser
telling-push-script = This needs JavaScript.

telling-quiet-title = Quiet hours
telling-quiet-lead = Messages wait until these hours are over. An interview that starts within 2 hours is told at once; other messages never wait too long and go out 2 hours before the interview at the latest.
telling-quiet-on = Keep quiet hours
telling-quiet-from = From
telling-quiet-to = To
telling-quiet-zone = Time zone
telling-quiet-zone-hint = For example Asia/Shanghai
telling-quiet-time-wrong = Enter a time such as 22:00
telling-quiet-same = Start and end must differ
telling-quiet-zone-wrong = There is no such time zone; an example is Asia/Shanghai

telling-calendar-title = Calendar subscription
telling-calendar-lead = Add this address to the calendar of your phone or computer: your interviews appear there and stay up to date. Whoever has the address can read it, so do not pass it on.
telling-calendar-once = The address is shown this once. Add it to your calendar now.
telling-calendar-url = Calendar address
telling-calendar-copy = Copy
telling-calendar-open = Open in calendar
telling-calendar-made = Address made on
telling-calendar-make = Make an address
telling-calendar-renew = Make a new address
telling-calendar-renew-sure = The old address stops working at once, and the new one must be added to your calendar. Make a new one?
telling-calendar-remove = Stop
telling-calendar-removed = The calendar address no longer works

telling-notices-title = Notices
telling-notices-none = No notices yet
telling-notices-none-text = When an interview is booked, moved or cancelled, you will see it here.
telling-notices-seen = Mark all as read
telling-notices-new = New
telling-next = Your next interview
js-telling-bell = Notices
js-telling-unseen = Notices, { $n } unread
js-telling-open = Open
js-telling-soon = You can join the interview with { $with } now
js-telling-push-unable = This browser has no notifications. On an iPhone, first add the site to the home screen and open it from there.
js-telling-push-denied = This browser blocks notifications of this site. Allow them in the site settings of the browser and try again.
js-telling-push-asked = Notifications have to be allowed first
js-telling-push-failed = It could not be turned on. The notification service of this browser may be out of reach; try again later, or use text messages or mail.
