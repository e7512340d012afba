# Booking, moving, inviting, waitlists.
booking-choose-time = Choose a time
booking-choose = Choose a time
booking-morning = Morning
booking-afternoon = Afternoon
booking-earlier = Earlier
booking-later = Later
booking-seats = { $n } left
booking-lead = Tap a time that suits you; it is kept for you for five minutes ({ $zone }).
booking-about = Job
booking-all-jobs = All jobs
booking-days = Go to a day
booking-hold-title = Confirm your booking
booking-invite-title = You are invited to an interview
booking-invited-title = Invitation
booking-proposed-title = The time you proposed
booking-proposal-title = The candidate proposes another time
booking-offer-title = A place has become free
booking-until = Answer by { $time }
booking-confirm = Confirm
booking-accept = Accept
booking-decline = Decline
booking-decline-reason = Reason
booking-propose = Another time
booking-propose-submit = Propose this time
booking-let-go = Let it go
booking-tap-hold = Keep for me
booking-word = Message
booking-waits = Waiting for the employer; the time is kept for you.
booking-waits-for = Waiting for { $name }; the time is kept.
booking-take-back = Take back
booking-take-back-confirm = Take it back? The time becomes free again.
booking-to-interview = To the interview
booking-back = Back
booking-now = Now at
booking-move-title = Move to another time
booking-move = Move
booking-move-reason = Reason
booking-move-hint = The other side is told the new time and this.
booking-move-submit = Move to this time
booking-keep = Keep it
booking-invite = Send invitation
booking-invite-name = Invite { $name }
booking-invite-to = Invite to an interview
booking-invited-flash = Invited. You will be told the answer
booking-hours = Answer within
booking-hours-hint = The time is kept for them until then.
booking-note = Message
booking-none-to-offer = No times to offer
booking-none-to-offer-hint = Enter your weekly hours first.
booking-many-title = Invite to interviews
booking-many-way = How times are found
booking-many-propose = Propose a time to each
booking-many-propose-hint = It is kept for them. They accept, decline or propose another one.
booking-many-choose = Each chooses a time
booking-many-choose-hint = They get a message with a link to your free times.
booking-many-who = Applicants
booking-many-time = Time for { $name }
booking-many-booked = Has an interview on { $when }
booking-many-asked = Was asked for { $when }, no answer yet
booking-many-withdrew = The application was withdrawn
booking-many-none = Pick at least one applicant
booking-many-none-hint = Tick applicants in the list first.
booking-many-submit = Send invitations
booking-many-flash = { $n ->
        [one] One invitation sent
       *[other] { $n } invitations sent
    }
booking-many-some = { $n ->
        [0] None could be invited: see beside each name.
        [one] One was invited. For the others see beside the name; another free time is filled in.
       *[other] { $n } were invited. For the others see beside the name; another free time is filled in.
    }
booking-mail-choose = { $with } invites you to a video interview about “{ $title }”. Choose a time that suits you. { $note }
booking-for-title = Book for somebody
booking-for-lead = At the request of the candidate. They are told, and it is logged.
booking-for-submit = Book
booking-for-flash = Booked. The candidate will be told
booking-pick-employer = Choose an employer
booking-contact = Phone or e-mail of the candidate
booking-contact-hint = The one with which they have applied.
booking-nobody = Nobody with this contact has applied at this fair
booking-open-title = Waiting for an answer
booking-answer = Answer
booking-wait-title = No time that suits you?
booking-wait-text = Join the waitlist: freed times are offered in order and kept for you for 15 minutes.
booking-wait = Join the waitlist
booking-waiting = { $n ->
        [one] You are on the waitlist, one person is before you.
       *[other] You are on the waitlist, { $n } people are before you.
    }
booking-wait-first = You are first on the waitlist.
booking-wait-leave = Leave the waitlist
booking-absent = Mark as absent
booking-absent-who = Who did not come
booking-absent-seeker = The candidate did not come
booking-absent-employer = We did not come
booking-absent-reason = Note
booking-absent-submit = Mark
booking-history = History
booking-was = was { $time }
booking-moved = Moved
booking-cancelled = Cancelled
js-booking-left = { $time } left
js-booking-title = Book this time?
js-booking-kept = Kept for you
js-booking-book = Book
js-booking-late = The time is no longer kept; choose again
js-booking-move = Move to another time
js-booking-moved = Moved. Both sides will be told
js-booking-move-late = This interview has begun, is over or was cancelled and cannot be moved
