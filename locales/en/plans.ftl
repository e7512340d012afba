# Plans of interviews (recruiters), and when interviews of a fair may be (organisers).
plans-title = Interview plans
plans-tab = Weekly hours
plans-lead = Say when you can interview each week; the times candidates can book are computed from it.
plans-new = New plan
plans-edit = Change plan
plans-edit-short = Change
plans-empty = No plans yet
plans-empty-hint = Enter your weekly hours and candidates book by themselves, never twice.
plans-added = Saved. Candidates can book now
plans-changed = Changed. What is booked stays as it is
plans-close = Stop booking
plans-close-confirm = Stop booking by this plan?
plans-close-text = Booked interviews take place; nothing new can be booked.
plans-closed = Booking stopped
plans-closed-n = Stopped plans ({ $n })
plans-is-closed = Stopped
plans-untitled = Video interview, { $n } min
plans-group = { $n } people each
plans-for-postings = { $n ->
        [one] One job only
       *[other] { $n } jobs only
    }
plans-extra = { $n ->
        [one] and one special day
       *[other] and { $n } special days
    }
plans-next = Next free:
plans-no-slots = Nothing to book within four weeks
plans-what = Interview
plans-field-title = Name
plans-title-hint = Candidates see it, such as “First technical interview”.
plans-field-mode = Kind
plans-mode-one = One interviewer
plans-mode-all = Panel
plans-mode-any = Round-robin
plans-mode-hint = Panel: all chosen people must be free. Round-robin: whoever is free, fewest interviews first.
plans-who = for
plans-everybody = All interviewers
plans-weekly = Weekly hours
plans-weekly-hint = Times are { $zone }. A break is the gap between two stretches.
plans-off = No interviews
plans-add = Add a stretch
plans-copy = Copy
plans-day-from = { $day } from
plans-day-to = { $day } to
plans-day-remove = Remove this stretch of { $day }
plans-day-add = Add a stretch on { $day }
plans-day-copy = Copy the hours of { $day } to Monday to Friday
plans-exceptions = Special days
plans-exceptions-hint = Days off, or extra hours. Without times it is the whole day.
plans-add-exception = Add a day
plans-exception-day = Special day
plans-exception-kind = Off or extra
plans-exception-from = Special day from
plans-exception-to = Special day to
plans-away = No interviews
plans-open = Extra hours
plans-more = More settings
plans-field-lead = Latest booking
plans-lead-none = Until it begins
plans-lead-before = { $time } before
plans-field-horizon = Bookable ahead
plans-field-capacity = People in each
plans-capacity-hint = More than one makes group sessions.
plans-field-limit = Most a day for each interviewer
plans-limit-hint = 0 is no limit.
plans-field-zone = Time zone
plans-field-postings = Jobs
plans-postings-hint = None chosen: for all jobs.
plans-none = No break
plans-days = { $n ->
        [one] One day
       *[other] { $n } days
    }
plans-hours = { $n ->
        [one] One hour
       *[other] { $n } hours
    }
plans-save = Save
plans-preview = Preview
plans-preview-title = What candidates can book
plans-preview-total = { $n } times within four weeks
plans-preview-none = These settings make nothing that can be booked. Look at weekly hours, special days, the fair's hours for interviews and the latest booking.
plans-preview-more = { $n ->
        [one] and one more day
       *[other] and { $n } more days
    }
plans-preview-hint = What is taken is left out by itself.
plans-preview-wrong = Once everything is right the times appear here.
plans-n = { $n }
plans-date = { $month }/{ $day }
plans-again = What you typed is below; saving again keeps yours.
plans-frame-title = Hours for interviews
plans-frame-lead = Employers can plan interviews within these hours only ({ $zone }).
plans-frame-unset = There is no limit now: employers plan interviews at any time.
plans-frame-hint = Days without times have no interviews; leave all empty for no limit. What is booked stays as it is.
plans-frame-copy = Copy the hours of { $day } to all days
plans-frame-set = Hours for interviews saved
js-plans-copied = Copied
