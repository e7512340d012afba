searches-title = Saved searches
searches-lead = New postings are shown here, and you can be told of them.
searches-save = Save this search
searches-saved = Saved. Would you like to be told of new postings?
searches-nothing-asked = Please search for a word or choose a filter first.
searches-too-many = You can save 20 searches. Please remove one first.
searches-none = No saved searches yet
searches-none-text = Search the board, then choose “Save this search”.
searches-fresh = { $n } new
searches-alert = Of new postings
searches-alert-off = do not tell me
searches-alert-daily = tell me once a day at most
searches-alert-soon = tell me soon
searches-alert-save = Set
searches-alert-set = Set to: { $alert }
searches-remove = Remove
searches-remove-sure = Remove this search? You will not be told of new postings any more.
searches-removed = Removed
searches-unreachable = To be told, prove your phone number or e-mail address.
searches-told-subject = { $n } new postings: { $search }
searches-told =
    { $titles }

    Look: { $link }
    To stop these: { $stop }
searches-recommended-title = Recommended for you
searches-recommended-lead = From what you applied for and the searches you saved, nothing else; each says why.
searches-recommended-switch-off = No recommendations
searches-recommended-switch-on = Switch recommendations on
searches-recommended-on = Recommendations are on
searches-recommended-off = Recommendations are off
searches-recommended-is-off = Recommendations are off
searches-recommended-is-off-text = You can switch them on again at any time.
searches-recommended-none = Nothing to recommend yet
searches-recommended-none-text = Apply for a posting or save a search, and postings like it will appear here.
searches-because-like = Like “{ $title }”, for which you applied
searches-because-fits = Fits your saved search “{ $search }”
