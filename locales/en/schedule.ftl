# Plans of interviews
schedule-fair-needed = Choose a fair that is open and that you take part in
schedule-zone-unknown = No such time zone. Choose one from the list, such as Asia/Shanghai
schedule-choose = Choose one from the list
schedule-posting-elsewhere = Choose jobs of the fair that the plan is for
schedule-capacity-wrong = 1 to 20 people a session
schedule-lead-wrong = Bookable until 0 minutes to 14 days before the start
schedule-horizon-wrong = Bookable 1 to 90 days ahead
schedule-limit-wrong = At most 72 a day; 0 for no limit
schedule-person-wrong = Choose a recruiter of this employer
schedule-one-person = Choose one recruiter only, or make it a panel or a round
schedule-too-many-people = Too many people: a panel has at most 6, a round at most 20
schedule-hours-needed = Add at least one stretch of time
schedule-hours-overlap = Times of one day must not overlap
schedule-weekday-wrong = Choose a weekday
schedule-day-wrong = Enter a date, such as 2027-02-20
schedule-day-past = This day is over
schedule-time-wrong = Enter a time, such as 09:30
schedule-time-step = Times are multiples of 5 minutes
schedule-time-skipped = The clocks skip this time on that day. Choose another one
schedule-to-before-from = The end must be after the start
schedule-changed-meanwhile = A colleague has just changed this. Reload and try again

schedule-state-held = Kept for you
schedule-state-invited = Waiting for an answer
schedule-state-proposed = Waiting for the employer
schedule-state-offered = A seat is free
schedule-state-declined = Declined
schedule-state-withdrawn = Taken back
schedule-state-lapsed = Expired

schedule-not-bookable = This time cannot be booked now. Choose another one
schedule-claim-over = The time to answer is over. Choose again
schedule-claim-booked = This is booked. Move or cancel the interview instead
schedule-move-late = This interview can no longer be moved
schedule-moved-flash = The interview was moved; both sides are told
schedule-absent-late = A no-show can be noted from the start until a day after the end
schedule-absent-flash = No-show noted
schedule-hours-wrong = Enter 1 to 336 hours
schedule-waiting-flash = You are on the waitlist. We tell you as soon as a seat is free
schedule-left-flash = You left the waitlist

    Details: { $link }
schedule-mail-invited-subject = { $with } invites you to an interview
schedule-mail-invited = { $with } invites you to a video interview on { $when }.
    Answer until { $until }: accept, decline, or propose another time.
schedule-mail-offered-subject = A seat is free: { $with }
schedule-mail-offered = A seat you waited for is free: { $with }, { $when }.
    It is kept for you until { $until }. Confirm soon:
schedule-mail-proposed-subject = { $with } proposes another time
schedule-mail-proposed = { $with } would rather meet on { $when }.
    Accept or decline until { $until }:
schedule-mail-declined-subject = { $with } declined an interview
schedule-mail-declined = { $with } declined the interview on { $when }. { $reason }

moderation-log-interview-plan = Set up interview times
moderation-log-interview-plan-change = Change interview times
moderation-log-interview-plan-close = Close interview times
moderation-log-interview-frame = Set the interview hours of the fair
moderation-log-interview-book-for = Book an interview for somebody
moderation-log-interview-invite = Invite to an interview
moderation-log-interview-ask = Asked to choose a time for an interview
moderation-log-interview-propose = Propose another interview time
moderation-log-interview-offer-seat = Offer a free seat to the waitlist
moderation-log-interview-decline = Decline an interview
moderation-log-interview-take-back = Take an invitation back
moderation-log-interview-lapse = Let an invitation expire
moderation-log-interview-move = Move an interview
moderation-log-interview-no-show = Note a no-show
moderation-log-interview-wait = Join a waitlist
