import { demoInbox, demoPeople } from "../../services/demo/week.ts";
import { findDemoInbox } from "../../services/inboxes/queries.ts";
import type { Platform } from "../../services/platform/context.ts";
import { createProvider, type Provider } from "./provider.ts";

/** A provider on this machine and the customers whose phone writes to it. */
export interface Demo {
  provider: Provider;
  people: readonly { id: string; name: string }[];
}

/** The demo while a demo inbox is connected, else null: set-up loads one while Hilo runs. */
export type FindDemo = () => Promise<Demo | null>;

export function openDemo({ config, db, secrets, memories }: Platform): FindDemo {
  const known = memories.open<Demo | null>(({ type }) => type === "inbox.changed");
  let made: { key: string; demo: Demo } | null = null;
  return () =>
    known.get("demo", async () => {
      const inbox = await findDemoInbox(db, secrets);
      if (!inbox) return null;
      const key = JSON.stringify([inbox.id, inbox.secrets]);
      if (made?.key === key) return made.demo;
      const provider = createProvider({
        ...demoInbox,
        ...inbox.secrets,
        webhookUrl: () => `${config.ownUrl}/webhooks/whatsapp`,
        ownUrl: () => `${config.ownUrl}/demo/graph`,
      });
      made = { key, demo: { provider, people: demoPeople } };
      return made.demo;
    });
}
