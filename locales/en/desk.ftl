desk-days = { $n ->
    [one] { $n } day
   *[other] { $n } days
}
desk-hours = { $n ->
    [one] { $n } hour
   *[other] { $n } hours
}
desk-minutes = { $n ->
    [one] { $n } minute
   *[other] { $n } minutes
}
desk-choose = Choose first what is to be done
desk-nobody-picked = Tick at least one applicant
desk-text-needed = Please write something
desk-save = Save

desk-pick-all = All on this page
desk-keys = Keys: j next, k back, x pick, Enter open
desk-unread = Unread
desk-waits = Waiting { $time }
desk-filter-fair = Fair
desk-filter-assigned = In charge
desk-filter-days = Waiting time
desk-filter-none = Clear filters
desk-assigned-me = Me
desk-assigned-nobody = Nobody yet
desk-days-more = { $n ->
    [one] More than { $n } day
   *[other] More than { $n } days
}
desk-sort = Order
desk-sort-newest = Newest first
desk-sort-waiting = Longest waiting first
desk-times-title = Time in each stage
desk-times-hint = Medians of the latest applications: from coming to a stage until leaving it.

desk-picked = { $n } picked
desk-bulk-hint = Tick applicants, then act on them together.
desk-move = Move
desk-move-to = To the stage
desk-move-template = With a message
desk-move-silent = No message
desk-assign = Assign
desk-assign-to = To whom
desk-export = Export
desk-undo = Undo
desk-undo-hint = Can be undone for ten minutes; applicants are told after that.
desk-undo-late = It can no longer be undone
desk-undone = { $n ->
    [one] Undone: { $n } application is where it was
   *[other] Undone: { $n } applications are where they were
}
desk-undone-partly = Undone: { $n } are where they were; { $stayed } have changed since and stay
desk-told-moved = { $n ->
    [one] { $n } application moved
   *[other] { $n } applications moved
}
desk-told-assigned = { $n ->
    [one] { $n } application assigned
   *[other] { $n } applications assigned
}
desk-told-refused = { $n ->
    [one] { $n } stayed as it was:
   *[other] { $n } stayed as they were:
}
desk-somebody = An application
desk-wrong-absent = No such application
desk-wrong-withdrawn = Withdrawn by the applicant
desk-wrong-offer = Has an offer or is hired: please do it one by one
desk-wrong-same = Is in this stage already
desk-wrong-words = The message holds a word that this fair does not allow
desk-wrong-changed = Has just changed

desk-note-added = Note saved
desk-note-edited = Note changed
desk-notes-title = Notes
desk-notes-hint = Only recruiters of your employer see them, never the applicant.
desk-note-new = A new note
desk-note-add = Add note
desk-note-edit = Edit
desk-note-was-edited = edited
desk-hand-title = In charge
desk-take = I take it
desk-hand-note = A word to the colleague
desk-handed = Handed to { $name }
desk-let-go = Nobody is in charge now
desk-others-title = Other applications of this person to you
desk-told-handed-subject = { $who } handed you the application of { $name }
desk-told-handed-many-subject = { $n ->
    [one] { $who } handed you { $n } application
   *[other] { $who } handed you { $n } applications
}
desk-told-handed = Spring Breeze: { $subject }. { $note } { $link }

desk-preview = Preview resume
desk-preview-none = This resume cannot be shown here; please download it.

desk-thread-title = Messages
desk-thread-none = No messages yet. Write a line: the applicant is told.
desk-thread-none-mine = No messages yet. Ask the recruiter here.
desk-thread-you = You
desk-thread-write = Write a message
desk-thread-hint = The other side is told. What speaks of charges, deposits or contacts elsewhere is looked at by the organisers first.
desk-thread-send = Send
desk-thread-held = The organisers look at it first; the other side does not see it yet
desk-thread-was-refused = Not let through by the organisers
desk-thread-waiting = Seen by the other side once it can no longer be undone
desk-thread-refused = It holds a word that this fair does not allow; please change it
desk-thread-closed = The application is withdrawn; nothing more can be written.
desk-message-sent = Message sent
desk-message-held = The organisers look at it first; the other side sees it after that
desk-told-message-subject = { $who } wrote to you ({ $title })
desk-told-message = Spring Breeze: { $subject }: { $link }

desk-templates-title = Ready texts
desk-templates-lead = Messages that you often write. { $places } become the applicant's name, the job, the employer and a link to the application; each gets it in their language.
desk-templates-none = No ready texts
desk-template-use = Begin with a ready text…
desk-template-take = Use
desk-template-name-zh = Name (Chinese)
desk-template-name-en = Name (English)
desk-template-text-zh = Text (Chinese)
desk-template-text-en = Text (English)
desk-template-new = A new text
desk-template-add = Add
desk-template-remove = Delete
desk-template-remove-sure = Delete this text?
desk-template-saved = Text saved
desk-template-removed = Text deleted
desk-template-many = There are too many; please delete some first
desk-template-place = In braces only name, title, employer or link

desk-held-title = Held letters
desk-held-lead = Messages between applicants and recruiters that a rule has found. The other side sees them once you let them through; you see nothing else of their talk.
desk-held-none = Nothing to look at
desk-held-applicant = Applicant
desk-held-approve = Let through
desk-held-refuse = Do not
desk-held-approved = Let through
desk-held-refused = Not let through
desk-held-decided = Somebody has decided already
moderation-desk-letters = Held letters: { $n }

desk-export-title = Export applications
desk-export-count = { $n ->
    [one] { $n } application is exported.
   *[other] { $n } applications are exported.
}
desk-export-clear = Contacts in clear
desk-export-reason = What for
desk-export-reason-hint = Needed for contacts in clear, such as “to call them about the first day”
desk-export-reason-needed = Please say what you need contacts in clear for
desk-export-xlsx = Download for Excel
desk-export-csv = Download CSV
desk-export-hint = Every export is recorded, and contacts in clear for each person.
desk-column-status = Status
desk-column-applied = Applied
desk-column-since = In status since
desk-column-assignee = In charge
moderation-log-application-assign = Assigned an application
moderation-log-message-approve = Let a letter through
moderation-log-message-refuse = Held a letter back for good
moderation-log-offer-make = Made an offer
moderation-log-offer-revise = Revised an offer
moderation-log-offer-accept = Accepted an offer
moderation-log-offer-decline = Declined an offer
moderation-log-offer-withdraw = Withdrew an offer
