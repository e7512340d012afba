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
telling-short-reminder = Interview reminder: { $with }, { $when }. Join: { $link }
telling-short-soon = Interview starts soon: { $with }. You can join now: { $link }
telling-reminder-24h = 24 hours before
telling-reminder-1h = 1 hour before
telling-reminder-10min = 10 minutes before
telling-reminders = Reminders
telling-reminders-none = No more reminders will be sent
telling-settings-link = How you are told
