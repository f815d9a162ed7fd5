import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { readConfig } from "../../../src/config.ts";
import { openPlatform } from "../../../src/server.ts";

describe("embedded Postgres", () => {
  it("comes back by itself, at the same address, with what was committed", async () => {
    const folder = await mkdtemp(join(tmpdir(), "hilo-embedded-"));
    const opened = await openPlatform(readConfig({ DATA_DIR: folder, LOG_LEVEL: "silent" }));
    const { db } = opened.platform;
    const pidFile = join(folder, "postgres/postmaster.pid");
    const [first, , , port] = readFileSync(pidFile, "utf8").split("\n");
    try {
      await db("tags").insert({ name: "hola" });

      const started = async (): Promise<Date> =>
        (await db.raw("select pg_postmaster_start_time() as at")).rows[0].at;
      const before = await started();

      process.kill(Number(first), "SIGKILL");
      const isAnother = async () => (await started().catch(() => before)).getTime() !== before.getTime();
      while (!(await isAnother())) await sleep(50);

      expect(await db("tags").where({ name: "hola" }).pluck("name")).to.deep.equal(["hola"]);
      const [second, , , samePort] = readFileSync(pidFile, "utf8").split("\n");
      expect(second).to.not.equal(first);
      expect(samePort).to.equal(port);
    } finally {
      await opened.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});
