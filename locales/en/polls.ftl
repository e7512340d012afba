# Polls.
polls-title = Poll
polls-none = No poll now
polls-none-hint = When a recruiter starts one, you find it here.
polls-make = Start a poll
polls-open = Poll running
polls-over = Poll closed
polls-question = Question
polls-question-placeholder = Such as: which shift would you like?
polls-options = Options (2 to 6)
polls-option = Option { $n }
polls-multiple = More than one may be chosen
polls-multiple-hint = Choose one or more
polls-limit = Time limit
polls-limit-none = None, I end it
polls-limit-seconds = { $n } seconds
polls-limit-minutes = { $n ->
        [one] One minute
       *[other] { $n } minutes
    }
polls-start = Start the poll
polls-choose = Please choose
polls-vote = Vote
polls-change = Change my vote
polls-voters = { $n ->
        [one] One vote
       *[other] { $n } votes
    }
polls-until = Ends at { $time }
polls-own = Your choice
polls-option-result = { $count } ({ $percent }%)
polls-end = End the poll
polls-end-confirm = End the poll now and publish the result?
polls-go = Vote
polls-manage = Manage polls
polls-earlier = Earlier polls
polls-to-room = Back to the room
polls-name-submit = Take part
polls-closed-room = Nobody can vote here now.
polls-opened = The poll is open
polls-closed = The poll is closed and the result published
polls-voted = Your vote counts; you can change it until the poll ends
polls-question-needed = Write a question
polls-options-few = At least two options are needed
polls-options-many = At most six options
polls-option-long = An option is too long: at most 40 characters
polls-options-twice = Two options are the same
polls-one-open = A poll is running: end it first
polls-choose-one = Choose one option
polls-choose-some = Choose at least one option
polls-closed-already = The poll is closed
js-polls-new = A new poll: { $question }
js-polls-result = The poll is closed: { $question }
js-polls-voters = { $n } voted
js-polls-option-result = { $count } ({ $percent }%)
js-polls-voted = Your vote counts; you can change it until the poll ends
js-polls-open = Poll running
js-polls-over = Poll closed
js-polls-left = { $time } left
js-polls-own = Your choice
js-polls-multiple-hint = Choose one or more
js-polls-vote = Vote
js-polls-change = Change my vote
js-polls-go = Vote
js-polls-see = See the result
js-polls-opened = The poll is open
