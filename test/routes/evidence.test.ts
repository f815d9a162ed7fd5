import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect } from "chai";
import yauzl from "yauzl";
import { seal } from "../../src/services/audit/seal.ts";
import { sealHash, verify } from "../../src/services/audit/verify.ts";
import { storeUpload } from "../../src/services/channels/uploads.ts";
import { addNote } from "../../src/services/conversations/note.ts";
import { reply } from "../../src/services/conversations/reply.ts";
import { dataFolder, type Hilo, startHilo } from "../support/hilo.ts";
import { write } from "../support/meta.ts";

const script = resolve(import.meta.dirname, "../../docs/verify-evidence.mjs");

/** Writes an archive's files into a folder. */
async function unpack(archive: Buffer, folder: string): Promise<string[]> {
  const zip = await yauzl.fromBufferPromise(archive);
  const names: string[] = [];
  for await (const entry of zip.eachEntry()) {
    const chunks: Buffer[] = [];
    for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
    const path = join(folder, entry.fileName);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, Buffer.concat(chunks));
    names.push(entry.fileName);
  }
  return names;
}

describe("a conversation as evidence", () => {
  let hilo: Hilo;
  let folder: string;
  let names: string[];
  let conversationId: number;
  before(async () => {
    hilo = await startHilo();
    const { cast } = hilo;
    ({ conversationId } = await write(cast, { message: "Llegó <b>roto</b> 🙁 «ayer»" }));
    await write(cast, { from: "5215599999999", name: "Otra persona", message: "asunto ajeno" });
    const bytes = Buffer.from("%PDF-1.4 factura");
    const upload = await storeUpload(cast.ana, {
      bytes,
      fileName: "../factura <1>.pdf",
      claimedType: "application/pdf",
    });
    await reply(cast.ana, conversationId, { text: "Aquí va", attachment: upload.publicId });
    await addNote(cast.ana, conversationId, { text: "cliente molesto" });
    const diego = await hilo.as("diego");
    const answer = await diego
      .get(`/conversations/${conversationId}/evidence.zip`)
      .buffer(true)
      .parse((res, done) => {
        const chunks: Buffer[] = [];
        res
          .on("data", (chunk: Buffer) => chunks.push(chunk))
          .on("end", () => done(null, Buffer.concat(chunks)));
      })
      .expect(200);
    folder = dataFolder("evidence");
    names = await unpack(answer.body, folder);
  });
  after(() => hilo.close());

  /** What the script of `docs/` says of the folder. */
  function prove(): { code: number | null; out: string; faults: string[] } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, folder], { encoding: "utf8" });
    return { code: status, out: stdout, faults: stderr.split("\n").filter(Boolean) };
  }
  /** What it says after a change, which is then taken back; with `sums`, the changer corrects SHA256SUMS too. */
  async function changed(name: string, change: (text: string) => string, sums = true) {
    const path = join(folder, name);
    const list = join(folder, "SHA256SUMS");
    const [before, listed] = [readFileSync(path, "utf8"), readFileSync(list, "utf8")];
    const { createHash } = await import("node:crypto");
    const sum = (text: string) => createHash("sha256").update(text).digest("hex");
    expect(change(before), "nothing was changed").to.not.equal(before);
    writeFileSync(path, change(before));
    if (sums) writeFileSync(list, listed.replace(sum(before), sum(change(before))));
    const found = prove();
    writeFileSync(path, before);
    writeFileSync(list, listed);
    return found;
  }

  it("is a page, data, files and a proof, of this conversation alone", () => {
    expect(names).to.include.members([
      "index.html",
      "style.css",
      "conversation.json",
      "proof.json",
      "SHA256SUMS",
    ]);
    expect(names.filter((name) => name.startsWith("files/"))).to.have.length(1);
    expect(names.join()).to.not.contain("..");
    const page = readFileSync(join(folder, "index.html"), "utf8");
    expect(page)
      .to.contain("Llegó &lt;b&gt;roto&lt;/b&gt;")
      .and.contain("cliente molesto")
      .and.contain("Aquí va");
    expect(page).to.not.match(/<script|undefined|asunto ajeno/);
    for (const name of ["conversation.json", "proof.json"])
      expect(readFileSync(join(folder, name), "utf8")).to.not.contain("ajeno");
  });

  it("is proved by the script alone, and again by the installation however much is said later", async () => {
    const { code, out, faults } = prove();
    expect(faults).to.deep.equal([]);
    expect(code).to.equal(0);
    expect(out)
      .to.match(/Intact: 2 messages, \d+ acts and 1 files/)
      .and.not.contain("no seal names");
    await write(hilo.cast, { message: "y otra cosa" });
    await seal(hilo.cast.system);
    expect((await verify(hilo.cast.system)).fault).to.equal(null);
    const seals = [...out.matchAll(/Seal (\d+): ([0-9a-f]{64})/g)];
    expect(seals.length).to.be.greaterThan(0);
    for (const [, id, hash] of seals) expect(await sealHash(hilo.cast.system, id ?? "")).to.equal(hash);
  });

  it("shows whatever was changed in it, by somebody who corrects the sums too", async () => {
    const changes: [string, (text: string) => string, RegExp][] = [
      ["index.html", (text) => text.replace("roto", "bien"), /index.html was changed/],
      [
        "conversation.json",
        (text) => text.replace("roto", "bien"),
        /message \d+: text is not what was sealed/,
      ],
      [
        "conversation.json",
        (text) => text.replace('"direction": "inbound"', '"direction": "outbound"'),
        /direction/,
      ],
      [
        "conversation.json",
        (text) => text.replace('"act": "message.sent"', '"act": "note.added"'),
        /act is not/,
      ],
      ["proof.json", (text) => text.replace("roto", "bien"), /does not give its digest/],
      ["proof.json", (text) => text.replace(/"digest":"[0-9a-f]{8}/, '"digest":"00000000'), /seal|digest/],
    ];
    for (const [name, change, fault] of changes) {
      const { code, faults } = await changed(name, change, name !== "index.html");
      expect(code, name).to.equal(1);
      expect(faults.join("\n"), name).to.match(fault);
    }
    const file = names.find((name) => name.startsWith("files/")) ?? "";
    expect((await changed(file, (text) => `${text}!`, false)).faults.join()).to.contain("was changed");
    expect(prove().code).to.equal(0);
  });

  it("a file that is gone ends the answer, not the server", async () => {
    const { db, storage } = hilo.server.platform;
    const [file] = await db("attachments").whereNotNull("storage_key").select("storage_key");
    await storage.remove(file.storage_key);
    const cookie = await hilo.cookie("diego");
    const broken = await fetch(`${hilo.url}/conversations/${conversationId}/evidence.zip`, {
      headers: { cookie },
    })
      .then((answer) => answer.arrayBuffer())
      .then(
        () => "whole",
        () => "broken off",
      );
    expect(broken).to.equal("broken off");
    expect((await fetch(`${hilo.url}/healthz`)).status).to.equal(200);
  });

  it("is for who may export the audit and sees the conversation, and the audit tells", async () => {
    expect(
      (await (await hilo.as("ana")).get(`/conversations/${conversationId}/evidence.zip`)).status,
    ).to.equal(403);
    const page = await (await hilo.as("diego")).get(`/audit?conversation=${conversationId}`);
    expect(page.text).to.contain(`/conversations/${conversationId}/evidence.zip`).and.contain("como prueba");
  });
});
