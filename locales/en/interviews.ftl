# Interviews: slots, bookings, the call.
interviews-title = My interviews
interviews-with = Interview with { $with }
interviews-details = Details
interviews-minutes = { $n } min
interviews-no-break = No break
interviews-zone-beijing = Beijing time

interviews-state-booked = Booked
interviews-state-running = Under way
interviews-state-done = Done
interviews-state-no-show = No show
interviews-state-cancelled = Cancelled

interviews-offers-title = Interview times
interviews-offers-lead = Offer times at which you can interview; job seekers choose one.
interviews-offer-title = Offer times
interviews-offer-submit = Offer these times
interviews-offered = { $n ->
        [one] One time offered
       *[other] { $n } times offered
    }
interviews-free-slots = Times nobody has booked yet
interviews-none-offered = No times offered yet
interviews-none-offered-hint = Enter a date and a stretch of time; it is cut into slots of the length you choose.
interviews-withdraw = Take back
interviews-withdraw-label = Take back the time at { $time }
interviews-withdrawn = Time taken back
interviews-slot-held = This time has just been booked or was taken back
interviews-no-fair = Your company takes part in no open fair, so no times can be offered now.
interviews-zone-hint = Times are local to the fair ({ $zone }), in steps of five minutes.
interviews-overlap = This overlaps with times you already offer

interviews-field-fair = Fair
interviews-field-date = Date
interviews-field-from = From
interviews-field-to = To
interviews-field-length = Length of each
interviews-field-buffer = Break between
interviews-field-time = Time
interviews-field-posting = Job
interviews-field-recruiter = Interviewer
interviews-field-seeker = Candidate
interviews-field-reason = Reason for cancelling

interviews-date-wrong = Choose a date
interviews-date-far = Interviews can be planned up to 90 days ahead
interviews-time-wrong = Enter a time such as 09:30
interviews-time-step = Use steps of five minutes
interviews-time-past = This time has passed
interviews-time-skipped = This time does not exist on that day: the clocks go forward. Choose another one
interviews-to-before-from = The end must be after the start
interviews-too-short = This is too short for one interview
interviews-too-many = At most 72 times can be offered at once; do it in parts
interviews-length-wrong = Choose a length from the list
interviews-buffer-wrong = Choose a break from the list

interviews-day-title = Interviews of the day
interviews-day-before = Day before
interviews-day-after = Day after
interviews-day-show = Show
interviews-day-none = No interviews on this day
interviews-day-none-hint = Once you offer times, job seekers can book them.

interviews-book-title = Book a video interview
interviews-book = Book
interviews-confirm = Book this time?
interviews-nearest = Nearest free times
interviews-mine-here = What you have booked here
interviews-none-free = No free times at the moment
interviews-none-free-hint = Leave the recruiter a message at the booth, or look again later.
interviews-back-to-room = Back to the booth
interviews-back-to-fair = Back to the fair
interviews-sign-in-first = Pick a time and sign in with your phone or e-mail to book it.
interviews-verify-first = To book an interview, first confirm a phone number or e-mail address, so that you can be told of changes.
interviews-booked-flash = Booked. You will be reminded before it
interviews-slot-taken = Somebody else has just booked this time
interviews-slot-past = This time has begun or passed
interviews-you-are-busy = You have another interview at this time
interviews-recruiter-busy = The interviewer is busy at this time
interviews-own-employer = You cannot book an interview with your own company
interviews-fair-closed = The fair is not open, so nothing can be booked
interviews-replayed = This form was already used for another time. Reload the page and try again

interviews-none = No interviews booked yet
interviews-none-hint = Visit a booth of a fair to see the times you can book.
interviews-join = Join
interviews-calendar = Add to calendar
interviews-opens-hint = You can join from ten minutes before. The device check will appear here by itself; please come a few minutes early.
interviews-too-early = Too early: you can join from ten minutes before
interviews-over = This interview is over or was cancelled

interviews-cancel = Cancel this interview
interviews-cancel-submit = Cancel the interview
interviews-reason-hint = The other side will see this.
interviews-reason-needed = Give a short reason, so that the other side knows
interviews-offer-again = Keep offering this time to others
interviews-cancelled-flash = Cancelled. The other side will be told
interviews-cancel-late = This interview has begun, is over or was cancelled already
interviews-by-seeker = by the candidate
interviews-by-employer = by the employer

interviews-check-title = Device check
interviews-check-start = Turn on camera and microphone
interviews-check-off = Camera is off
interviews-camera = Camera
interviews-microphone = Microphone
interviews-level = Microphone level
interviews-level-hint = Say something: if the green bar moves, you will be heard.
interviews-audio-only = Voice only, no camera (saves data)
interviews-needs-script = A video interview needs JavaScript. If you see no buttons, open this page in your phone's own browser.

interviews-connecting = Connecting…
interviews-you = Me
interviews-controls = Call controls
interviews-mute = Mute
interviews-hide = Camera off
interviews-extend = 5 more min
interviews-end = End
interviews-end-confirm = End this interview?
interviews-end-text = Both of you will leave, and it cannot be joined again.
interviews-ended-flash = The interview has ended
interviews-leave = Leave
interviews-sound = Tap to turn on sound
interviews-take = Continue here
interviews-other-muted = The other side is muted
interviews-cannot-extend = It cannot be lengthened now

interviews-calendar-title = Video interview: { $with }
interviews-calendar-text = When it is time, open { $link } You can join from ten minutes before; please check camera and microphone.
interviews-calendar-alarm = Video interview in 10 minutes
interviews-mail-booked-subject = Interview booked: { $with }, { $when }
interviews-mail-booked =
    Your video interview with { $with } is booked.
    Time: { $when }
    When it is time, open { $link }
    You can join from ten minutes before. If you cannot come, cancel it on that page.
interviews-mail-cancelled-subject = Interview cancelled: { $with }, { $when }
interviews-mail-cancelled =
    Your video interview with { $with } was cancelled.
    It was planned for: { $when }
    Reason: { $reason }
interviews-mail-reminder-subject = Your interview begins soon: { $with }
interviews-mail-reminder =
    Your video interview with { $with } begins soon.
    Time: { $when }
    You can join now and check camera and microphone: { $link }

js-interviews-waiting = The other side is not here yet
js-interviews-waiting-early = It is not time yet. You will be connected when the other side comes
js-interviews-other-left = The other side has left for now. You will be connected when they return
js-interviews-other-here = The other side is here, connecting the picture…
js-interviews-camera-off = The other camera is off; you can talk
js-interviews-reconnecting = Weak network, reconnecting…
js-interviews-left = { $time } left
js-interviews-starts-in = Begins in { $time }
js-interviews-overtime = { $time } over time
js-interviews-one-minute = One minute left
js-interviews-time-over = Time is up; you may finish what you are saying
js-interviews-next-soon = Next one at { $time }
js-interviews-extended = Five minutes were added
js-interviews-mute = Mute
js-interviews-unmute = Unmute
js-interviews-hide = Camera off
js-interviews-show = Camera on
js-interviews-elsewhere = This interview is open in another window
js-media-denied = Camera and microphone are not allowed. Tap the lock beside the address, allow them for this site, and try again.
js-media-denied-audio = The microphone is not allowed. Tap the lock beside the address, allow it for this site, and try again.
js-media-none = No microphone was found. Plug in a headset or use another device.
js-media-no-camera = No camera was found; voice only.
js-media-busy = Camera or microphone is in use by another program. Close other calls and meetings, then try again.
js-media-insecure = This address does not begin with https, so the browser allows no camera. Open the https address.
js-media-unsupported = This browser cannot make video calls. Use your phone's own browser or a current Chrome.
js-media-camera-n = Camera { $n }
js-media-microphone-n = Microphone { $n }
js-media-default = Default
js-media-camera-on = Camera is on
js-media-audio-only = Voice only
interviews-confirm-text = { $with } · { $time } ({ $zone })
