# Judging fairly: the questions of a posting, sheets, the comparison, decisions.
judging-nav = Judging interviews
judging-questions-title = Interview questions
judging-overview-title = Interview ratings
judging-waiting-title = Interviews to decide

judging-questions-lead = Ask every candidate for a posting the same questions and rate the answers by the same measure: only then can they be compared. Up to 12 questions.
judging-questions-suggested = This posting has no questions yet. These are suggestions; they count once you save them.
judging-questions-save = Save questions
judging-questions-saved = Questions saved
judging-questions-versions = Changing a question leaves ratings as they are: each keeps the question as it was worded then.
judging-question-n = Question { $n }
judging-question-zh = Chinese
judging-question-en = English
judging-question-flag = This question touches on { $grounds }. Employers may not choose by that; please ask about the work instead.
judging-up = Move question { $n } up
judging-down = Move question { $n } down
judging-drop = Remove question { $n }
judging-add = Add a question
judging-too-many = At most 12 questions; please remove some
judging-set-changed = A colleague has just changed these questions. Below is what you entered; saving again replaces their changes.
judging-suggestion-1 = Tell us about something that you did especially well at work. How did you do it?
judging-suggestion-2 = What do you do when you do not know a task or a machine fails? Please give an example.
judging-suggestion-3 = Which of the shifts and tasks of this job suit you, and which would need to change?

judging-sheet-of = Rate { $name }
judging-star = { $n } of 5
judging-not-asked = Not asked
judging-scale-low = 1: does not meet it
judging-scale-high = 5: meets it fully
judging-stars-wrong = Please give 1 to 5
judging-earlier = The question has changed. You rated “{ $text }” with { $stars }; rating this one takes its place.
judging-gone = Ratings of questions that were removed
judging-notes = Notes
judging-notes-hint = Only recruiters of your company see this, never the candidate. Please note facts about the work only.
judging-notes-flag = The notes mention { $grounds }. A decision may not rest on that; please check.
judging-save = Save
judging-saved = Saved
judging-saved-status = Decided. The candidate sees the application as “{ $status }”
judging-saved-ended = Saved. The application stays “{ $status }”
judging-auto-saving = Saving…
judging-auto-saved = Saved by itself
judging-auto-failed = Not saved yet; trying again shortly
judging-not-yet = You can rate once the interview begins. The questions are here to read.
judging-question-changed = The questions have just changed. Please check your ratings against the new ones below and save again.
judging-sheet-changed = This sheet was also changed on another page. Below is what you entered here; saving again keeps this.
judging-which-posting = Which posting was this interview for?
judging-choose-posting = Choose a posting
judging-choose = Choose
judging-no-posting = Once you choose a posting, its questions appear here.
judging-no-questions = This posting has no interview questions yet.
judging-write-questions = Write questions
judging-application = Application

judging-next = Next step
judging-next-hint = Deciding changes the application’s status and tells the candidate. Ratings and notes are not told.
judging-next-alone = This person has not applied for the posting: the decision stays within your company, so please tell them yourself.
judging-step-offer = Offer
judging-step-second-round = Second round
judging-step-pool = Keep in the pool
judging-step-no = Not suitable
judging-step-needed = Please choose the next step
judging-decide = Confirm decision
judging-decided = Your decision:
judging-waits = The interview is over and nobody has decided. The candidate is waiting.
judging-undecided = To decide

judging-none = No interviews for this posting yet
judging-none-hint = Booked interviews appear here, to be compared side by side afterwards.
judging-table = Averages of all candidates
judging-column-candidate = Candidate
judging-column-time = Interview
judging-column-status = Application
judging-column-judge = Rated by
judging-column-step = Next step
judging-column-decided = Decided
judging-column-notes = Notes
judging-column-mean = Average
judging-missed = Did not meet
judging-ahead = Yet to come
judging-flagged = Check the notes
judging-earlier-note = * Includes ratings from before the question was changed.
judging-legend = The questions in full
judging-sheets = Ratings and notes of each judge
judging-private = Only recruiters of your company see this. Exports are logged.
judging-export = Export table
judging-waiting-n = { $n ->
    [one] One interview waits for a decision.
   *[other] { $n } interviews wait for a decision.
}
judging-waiting-lead = These interviews are over and nobody has decided the next step:
judging-waiting-none = Nothing to decide
judging-waiting-none-hint = Interviews that are over but not decided appear here.

judging-part-title = Rate and decide
judging-part-text = Rate the answers to the posting’s questions, take notes, then decide the next step. The candidate sees neither ratings nor notes.
judging-part-link = Open the sheet

judging-remind-subject = Please decide about the interview with { $name }
judging-remind = You interviewed { $name } and have not decided the next step yet. The candidate is waiting: { $link }

judging-log-decide = Decided about an interview
judging-log-export = Exported interview ratings
