grants-title = Who can see my data
grants-lead = Employers you applied to can see your number and resume for a time. You can take that back whenever you like.
grants-none = Nobody so far
grants-none-text = Once you apply, the employer can see your contact and resume, and it is listed here.
grants-state-open = Can see it
grants-state-closed = No longer
grants-looks-none = Has not looked at your contact or resume
grants-looks = { $n ->
    [one] Looked once, on { $at }
   *[other] Looked { $n } times, last on { $at }
}
grants-until = Until { $day }
grants-revoked-on = Taken back on { $day }
grants-expired-on = Ended on { $day }
grants-revoke-all = Take all of it back
grants-revoke-all-sure = This employer will no longer see your number and resume; your applications stay. Take it back?
grants-revoked-all = { $n ->
    [one] Taken back for one application
   *[other] Taken back for { $n } applications
}
grants-one-title = What the employer can see
grants-open-both = { $employer } can see your contact and resume until { $day }.
grants-open-contact = { $employer } can see your contact until { $day }.
grants-open-hint = It ends by itself 90 days after the fair or the last step of your application. Taking it back leaves the application as it is, and you can give it again.
grants-revoke = Take it back
grants-revoke-sure = The employer will no longer see your number and resume and may not reach you. Take it back?
grants-revoked-flash = Taken back: the employer no longer sees your number and resume
grants-revoked = You took it back on { $day }: the employer does not see your number and resume.
grants-expired = It ended on { $day }: the employer does not see your number and resume.
grants-withdrawn = You withdrew: the employer does not see your number and resume.
grants-give = Let them see it again
grants-give-hint = By this you agree again that the contact and resume of this application are given to { $employer }, for this job only.
grants-given-flash = The employer can see your number and resume again
grants-log-title = Who looked
grants-log-none = Nobody has looked at your contact or resume so far.
grants-log-contact = saw your contact
grants-log-resume = looked at your resume
grants-log-voice = Listened to the voice note
grants-log-exported = took a table along (contact hidden)
grants-log-exported-clear = took a table along (with your contact)
grants-all-link = See who else can see my data
grants-revoked-note = The applicant has taken back the permission to see their contact and resume. You can ask for it again in a message.
grants-expired-note = The permission to see contact and resume has ended. You can ask for it again in a message.
grants-resume-closed = No longer shown
