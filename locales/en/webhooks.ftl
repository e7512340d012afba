webhooks-link = Webhooks
webhooks-title = Connect your own system (webhooks)
webhooks-lead = When a job opens, changes or closes, or somebody applies, we send a message to the address of your system. It holds numbers and links, and nothing about a person.
webhooks-url = Address
webhooks-url-hint = It must begin with https:// and be reachable on the public internet.
webhooks-add = Add the address
webhooks-none = No address yet
webhooks-none-text = Once you have added one, send a test to see whether it arrives.
webhooks-secret = Signing secret
webhooks-secret-once = The secret is shown this once. Store it in your system now.
webhooks-copy = Copy the secret
webhooks-sign = Each message is signed after Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature): check it with the secret before you act on it. The same webhook-id needs to be dealt with once only.
webhooks-test = Send a test
webhooks-tested = The test is on its way; reload the page in a moment to see what became of it
webhooks-remove = Remove
webhooks-remove-sure = Remove this address? What was not delivered yet goes with it, and cannot be brought back.
webhooks-removed = The address was removed
webhooks-retry = { $n ->
    [one] Send { $n } undelivered message again
   *[other] Send { $n } undelivered messages again
}
webhooks-retried = { $n ->
    [one] { $n } message is sent again
   *[other] { $n } messages are sent again
}
webhooks-bad-url = Enter a public address that begins with https://
webhooks-not-public = This address was not found on the public internet, or leads into a private network
webhooks-too-many = There are five addresses at most; remove one that is not used
webhooks-messages = Latest messages
webhooks-kind-live = Job opened
webhooks-kind-changed = Job changed
webhooks-kind-ended = Job closed
webhooks-kind-received = Application received
webhooks-kind-test = Test
webhooks-what = What
webhooks-to = Address
webhooks-when = When
webhooks-state = Result
webhooks-sent = Delivered
webhooks-given-up = Not delivered
webhooks-waiting = Waiting
webhooks-again = Will be tried again
webhooks-tries = { $n ->
    [one] { $n } try
   *[other] { $n } tries
}
