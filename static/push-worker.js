/* Shows what the server pushes, also while no page is open, and opens the page that it is about. */
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch {
    // A browser wants something to be shown for each message.
  }
  const { title = "春风 Spring Breeze", body = "", url = "/me/notices", tag = "" } = told;
  event.waitUntil(self.registration.showNotification(title, { body, tag, renotify: tag !== "", icon: "/favicon.ico", data: { url } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const to = new URL(event.notification.data?.url ?? "/me/notices", self.location.origin);
  // Only to pages of this server, whatever a message says.
  const url = to.origin === self.location.origin ? to.href : self.location.origin;
  event.waitUntil(
    self.clients.matchAll({ type: "window", includeUncontrolled: true }).then((pages) => {
      const open = pages.find((page) => page.url === url);
      return open ? open.focus() : self.clients.openWindow(url);
    }),
  );
});
