// Shows what the server tells while no page is open; a click leads there.
self.addEventListener("push", (event) => {
  const { title = "Hilo", body = "", path = "/mentions" } = event.data?.json() ?? {};
  event.waitUntil(
    (async () => {
      const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      // Whoever looks at a page hears it there.
      if (pages.some((page) => page.visibilityState === "visible")) return;
      await self.registration.showNotification(title, { body, tag: "hilo", data: { path } });
    })(),
  );
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const path = event.notification.data?.path ?? "/mentions";
  event.waitUntil(
    (async () => {
      const [page] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
      if (page) {
        await page.focus();
        await page.navigate(path);
      } else await self.clients.openWindow(path);
    })(),
  );
});
