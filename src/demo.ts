import { readConfig } from "./config.ts";
import type { Demo } from "./routes/demo/phone.ts";
import { createProvider } from "./routes/demo/provider.ts";
import { samplePicture } from "./routes/demo/samples.ts";
import { startServer, stopOnSignals } from "./server.ts";
import { countAgents } from "./services/agents/queries.ts";
import { loadDemo } from "./services/demo/load.ts";
import { demoAgents, demoInbox, demoPassword, demoPeople } from "./services/demo/week.ts";
import { type Platform, systemContext } from "./services/platform/context.ts";

/** Hilo with a week of sample data, a customer's phone and a provider of its own: nothing leaves this machine. */
export async function startDemo(env: NodeJS.ProcessEnv) {
  const port = env.PORT ?? "3000";
  const own = `http://127.0.0.1:${port}`;
  const config = readConfig({
    DATA_DIR: "data-demo",
    ...env,
    DEMO: "1",
    WHATSAPP_API_URL: `${own}/demo/graph`,
  });
  const provider = createProvider({
    ...demoInbox,
    webhookUrl: () => `${own}/webhooks/whatsapp`,
    ownUrl: () => `${own}/demo/graph`,
  });
  const prepare = async (platform: Platform): Promise<Demo> => {
    if ((await countAgents(platform.db)) === 0) {
      await loadDemo(systemContext(platform), async () =>
        provider.addMedia(await samplePicture(), "image/jpeg"),
      );
    }
    const logins = demoAgents.map(({ email }) => ({ email, password: demoPassword }));
    return { provider, logins, people: demoPeople };
  };
  return startServer(config, prepare);
}

if (import.meta.main) {
  const server = await startDemo(process.env);
  const logins = demoAgents.map(({ email, role }) => `    ${email.padEnd(26)} ${demoPassword}   ${role}`);
  process.stdout.write(
    `\n  Bandeja / inbox:      ${server.url}/inbox\n  Teléfono / phone:     ${server.url}/demo/phone\n\n${logins.join("\n")}\n\n`,
  );
  stopOnSignals(server);
}
