import { readConfig } from "./config.ts";
import { startServer, stopOnSignals } from "./server.ts";
import { countAgents } from "./services/agents/queries.ts";
import { loadDemo } from "./services/demo/load.ts";
import { demoAgents, demoPassword } from "./services/demo/week.ts";
import { type Platform, systemContext } from "./services/platform/context.ts";

/** Hilo with weeks of sample data, a customer's phone and a provider of its own: nothing leaves this machine. */
export async function startDemo(env: NodeJS.ProcessEnv) {
  const config = readConfig({ DATA_DIR: "data-demo", ...env, DEMO: "1" });
  const logins = demoAgents.map(({ email }) => ({ email, password: demoPassword }));
  return startServer(config, logins, async (platform: Platform) => {
    if ((await countAgents(platform.db)) === 0) await loadDemo(systemContext(platform), demoPassword);
  });
}

if (import.meta.main) {
  const server = await startDemo(process.env);
  const logins = demoAgents.map(({ email, role }) => `    ${email.padEnd(26)} ${demoPassword}   ${role}`);
  process.stdout.write(
    `\n  Bandeja / inbox:      ${server.url}/inbox\n  Teléfono / phone:     ${server.url}/demo/phone\n\n${logins.join("\n")}\n\n`,
  );
  stopOnSignals(server);
}
