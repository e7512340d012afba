lobby-rooms = Booths
lobby-count = { $employers ->
    [one] { $employers } employer
   *[other] { $employers } employers
}
lobby-search = Search employers
lobby-search-label = Search booths
lobby-search-submit = Search
lobby-filter = Filter by status
lobby-filter-all = All
lobby-people = people here
lobby-hall = The organisers’ stage
lobby-jobs = Browse all jobs
lobby-enter-hall = Enter the main hall
lobby-empty = The booths are being set up
lobby-empty-hint = Employers will show here once they have moved in. Please come back soon.
lobby-nothing-found = No booth matches
lobby-nothing-found-hint = Try another word, or look at all booths.
js-lobby-went-live = { $name } is live now
js-lobby-changed = The booths have changed
js-lobby-reload = Reload
lobby-all = See all booths
