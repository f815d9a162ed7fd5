import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { Router } from "express";

const publicFolder = resolve(import.meta.dirname, "../../public");
const find = createRequire(import.meta.url).resolve;

/** Icons of lucide that the templates use; a test compares. */
export const icons = [
  "alarm-clock",
  "at-sign",
  "calendar",
  "check",
  "chart-column",
  "check-check",
  "chevron-down",
  "chevron-left",
  "chevron-up",
  "circle",
  "circle-question-mark",
  "circle-user-round",
  "clipboard-list",
  "clock",
  "download",
  "contact",
  "bell",
  "eye",
  "gauge",
  "shuffle",
  "shield-check",
  "send",
  "file-text",
  "file-x",
  "forward",
  "inbox",
  "key-round",
  "printer",
  "list-filter",
  "loader",
  "lock",
  "log-in",
  "log-out",
  "mail",
  "map-pin",
  "megaphone",
  "message-circle",
  "paperclip",
  "pencil-line",
  "phone",
  "phone-off",
  "pin",
  "plus",
  "reply",
  "rotate-ccw",
  "scroll-text",
  "search",
  "settings",
  "shopping-bag",
  "smartphone",
  "smile-plus",
  "sticky-note",
  "tag",
  "timer",
  "triangle-alert",
  "user-round-plus",
  "users",
  "wifi-off",
  "x",
] as const;

/** Icons that the style sheet uses as masks, each a file of its own. */
const masks = ["reply", "timer", "message-circle"];

const lucide = () => resolve(find("lucide-static/package.json"), "../icons");

interface Asset {
  type: string;
  body: Buffer;
}

export interface Assets {
  router: Router;
  /** Changes when any asset changes. */
  version: string;
}

/** Everything the browser loads, read once and served under a name that changes with its content. */
export function openAssets(): Assets {
  const assets = new Map<string, Asset>([
    ["app.css", { type: "text/css", body: styles() }],
    ["htmx.js", { type: "text/javascript", body: htmx() }],
    ["app.js", { type: "text/javascript", body: script() }],
    ["passkeys.js", { type: "text/javascript", body: readFileSync(resolve(publicFolder, "passkeys.js")) }],
    ["sprite.svg", { type: "image/svg+xml", body: sprite() }],
    ["icon.svg", { type: "image/svg+xml", body: readFileSync(resolve(publicFolder, "icon.svg")) }],
    [
      "inter.woff2",
      {
        type: "font/woff2",
        body: readFileSync(find("@fontsource-variable/inter/files/inter-latin-wght-normal.woff2")),
      },
    ],
    [
      "inter-ext.woff2",
      {
        type: "font/woff2",
        body: readFileSync(find("@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2")),
      },
    ],
  ]);
  for (const name of masks)
    assets.set(`icon-${name}.svg`, {
      type: "image/svg+xml",
      body: readFileSync(resolve(lucide(), `${name}.svg`)),
    });
  const hash = createHash("sha256");
  for (const { body } of assets.values()) hash.update(body);
  const router = Router();
  router.get("/assets/:version/:name", (req, res) => {
    const asset = assets.get(req.params.name);
    if (!asset) return void res.status(404).end();
    res.set("Cache-Control", "public, max-age=31536000, immutable").type(asset.type).send(asset.body);
  });
  return { router, version: hash.digest("hex").slice(0, 12) };
}

/** One file, in the order of the layers; within a layer by name. */
function styles(): Buffer {
  const folder = resolve(publicFolder, "css");
  const parts = readdirSync(folder)
    .filter((name) => name.endsWith(".css"))
    .sort();
  return Buffer.from(parts.map((name) => readFileSync(resolve(folder, name), "utf8")).join("\n"));
}

/** One file: with separate deferred ones the stream sometimes never opened. */
function htmx(): Buffer {
  const parts = ["htmx.js", "ext/hx-sse.js", "ext/hx-upsert.js", "ext/hx-csp.js"];
  const folder = resolve(find("htmx.org/package.json"), "../dist");
  return Buffer.from(
    parts.map((name) => readFileSync(resolve(folder, name.replace(/\.js$/, ".min.js")), "utf8")).join(";\n"),
  );
}

function script(): Buffer {
  const folder = resolve(publicFolder, "js");
  const parts = readdirSync(folder)
    .filter((name) => name.endsWith(".js"))
    .sort();
  return Buffer.from(
    parts.map((name) => `(() => {\n${readFileSync(resolve(folder, name), "utf8")}\n})();`).join("\n"),
  );
}

function sprite(): Buffer {
  const folder = lucide();
  const symbols = icons.map((name) => {
    const svg = readFileSync(resolve(folder, `${name}.svg`), "utf8");
    const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    return `<symbol id="${name}" viewBox="0 0 24 24">${inner.replaceAll(/\s+/g, " ").trim()}</symbol>`;
  });
  return Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`);
}
