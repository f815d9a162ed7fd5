#!/usr/bin/env node
// Proves an evidence bundle without Hilo: unzip it, then `node verify-evidence.mjs FOLDER`. Needs Node 20 and nothing else.
//
// 1. Every file is as SHA256SUMS says.
// 2. Every row of proof.json gives its digest, and what conversation.json tells of messages and acts is what those rows say.
// 3. Every digest is in its seal, and every seal's hash follows from its digests and from the hash before it.
//
// What it cannot know by itself: whether the seal is the one that the installation made at that time. Compare the hashes that
// it prints with those of `hilo audit verify --seal N`, or with a bundle that was handed over earlier.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, normalize } from "node:path";

const folder = process.argv[2];
if (!folder) {
  console.error("Usage: node verify-evidence.mjs FOLDER");
  process.exit(2);
}
const faults = [];
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const read = (name) => readFileSync(join(folder, name));

const sums = read("SHA256SUMS").toString("utf8").trim().split("\n");
const listed = new Map(sums.map((line) => [line.slice(66), line.slice(0, 64)]));
for (const name of ["index.html", "conversation.json", "proof.json"])
  if (!listed.has(name)) faults.push(`SHA256SUMS does not list ${name}`);
for (const [name, sum] of listed) {
  if (normalize(name).startsWith("..")) faults.push(`SHA256SUMS lists a file outside: ${name}`);
  else
    try {
      if (sha256(read(name)) !== sum) faults.push(`${name} was changed`);
    } catch {
      faults.push(`${name} is missing`);
    }
}

const proof = JSON.parse(read("proof.json"));
const told = JSON.parse(read("conversation.json"));
const seals = new Map(proof.seals.map((seal) => [seal.id, seal]));
for (const seal of proof.seals) {
  const joined = (list) =>
    list.length === 0 ? "" : sha256(Buffer.from(list.map((one) => one.digest).join(""), "hex"));
  const hash = sha256([seal.previous_hash, joined(seal.audit_events), joined(seal.messages)].join("\n"));
  if (hash !== seal.hash) faults.push(`seal ${seal.id} does not follow from its digests`);
}

const texts = { messages: new Map(), audit_events: new Map() };
for (const row of proof.rows) {
  const name = `${row.table} ${row.id}`;
  if (row.text !== null && sha256(row.text) !== row.digest) faults.push(`${name} does not give its digest`);
  const sealed = seals.get(row.seal)?.[row.table].find((one) => one.id === row.id);
  if (sealed?.digest !== row.digest) faults.push(`${name} is not in seal ${row.seal}`);
  texts[row.table].set(String(row.id), row.text === null ? null : JSON.parse(row.text));
}

const same = (name, field, one, other) => {
  if (JSON.stringify(one ?? null) !== JSON.stringify(other ?? null))
    faults.push(`${name}: ${field} is not what was sealed`);
};
const seconds = (time) => Math.floor(Date.parse(time) / 1000);
for (const message of told.messages) {
  const name = `message ${message.id}`;
  if (!texts.messages.has(message.id)) {
    faults.push(`${name} is not sealed`);
    continue;
  }
  const row = texts.messages.get(message.id);
  if (row === null) continue;
  const [, , direction, author, agent, kind, text, , sentAt] = row;
  same(name, "direction", message.direction, direction);
  same(name, "author", message.author.kind, author);
  same(name, "agent", message.author.agent_id, agent === null ? null : String(agent));
  if (kind !== null) same(name, "kind", message.kind, kind);
  if (text !== null && !message.edited) same(name, "text", message.text, text);
  same(name, "time", seconds(message.sent_at), Math.floor(Number(sentAt)));
}
for (const event of told.audit_events) {
  const name = `act ${event.id}`;
  if (!texts.audit_events.has(event.id)) {
    faults.push(`${name} is not sealed`);
    continue;
  }
  const row = texts.audit_events.get(event.id);
  if (row === null) continue;
  const [, actor, agent, source, act, , , , , , data, at] = row;
  same(name, "actor", event.actor.kind, actor);
  same(name, "agent", event.actor.agent_id, agent === null ? null : String(agent));
  same(name, "source", event.source, source);
  same(name, "act", event.act, act);
  same(name, "data", sorted(event.data), sorted(data));
  same(name, "time", seconds(event.created_at), Math.floor(Number(at)));
}
// A file's content is sealed with the act that kept it, or with the message that took it along.
const kept = new Set(
  [...texts.audit_events.values()].flatMap((row) => (row?.[10]?.sha256 ? [row[10].sha256] : [])),
);
for (const file of told.files)
  if (file.sha256 && !kept.has(file.sha256)) console.log(`Note: no seal names the content of ${file.name}.`);

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}

for (const seal of proof.seals) console.log(`Seal ${seal.id}: ${seal.hash}`);
if (faults.length > 0) {
  for (const fault of faults) console.error(`Broken: ${fault}`);
  process.exit(1);
}
console.log(
  `Intact: ${told.messages.length} messages, ${told.audit_events.length} acts and ${told.files.length} files.`,
);
