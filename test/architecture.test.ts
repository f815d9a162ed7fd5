import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect } from "chai";
import { icons } from "../src/routes/assets.ts";
import { en } from "../src/views/locales/en.ts";
import { es } from "../src/views/locales/es.ts";

const root = resolve(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const sources = globSync("src/**/*.ts", { cwd: root });
const templates = globSync("src/views/**/*.eta", { cwd: root });

/** Lowest first: each may use those before it, never those after. */
const domains = [
  "platform",
  "agents",
  "inboxes",
  "fields",
  "tags",
  "contacts",
  "business-hours",
  "sla",
  "conversations",
  "cases",
  "commitments",
  "records",
  "interactions",
  "merges",
  "imports",
  "story",
  "alerts",
  "routing",
  "automation",
  "intake",
  "channels",
  "search",
  "audit",
  "privacy",
  "reports",
  "reviews",
  "demo",
];

function importsOf(file: string): string[] {
  const found = read(file).matchAll(/(?:from|import)\s+"(\.[^"]+)"/g);
  return [...found].map((match) => relative(root, resolve(root, dirname(file), match[1] ?? "")));
}

describe("architecture", () => {
  it("imports point one way: routes, views, services", () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file).flatMap((target) => {
        const fromServices = file.startsWith("src/services/") && /^src\/(routes|views)\//.test(target);
        const fromViews = file.startsWith("src/views/") && target.startsWith("src/routes/");
        return fromServices || fromViews ? [`${file} → ${target}`] : [];
      }),
    );
    expect(wrong).to.deep.equal([]);
  });

  it("a domain uses only the domains below it", () => {
    const domainOf = (file: string) => /^src\/services\/([\w-]+)\//.exec(file)?.[1];
    const wrong = sources.flatMap((file) => {
      const own = domainOf(file);
      if (!own) return [];
      return importsOf(file).flatMap((target) => {
        const other = domainOf(target);
        return other && domains.indexOf(other) > domains.indexOf(own) ? [`${file} → ${target}`] : [];
      });
    });
    const unknown = sources.map(domainOf).filter((name) => name && !domains.includes(name));
    expect(wrong).to.deep.equal([]);
    expect(unknown).to.deep.equal([]);
  });

  it("services know neither HTTP nor HTML, and only config.ts reads the environment", () => {
    const http = sources.filter(
      (file) => file.startsWith("src/services/") && /from "(express|eta)"/.test(read(file)),
    );
    const environment = sources.filter(
      (file) => !/src\/(config|demo|cli|server)\.ts$/.test(file) && /process\.env/.test(read(file)),
    );
    expect(http).to.deep.equal([]);
    expect(environment).to.deep.equal([]);
  });

  it("no file is longer than 300 lines, no template longer than 60", () => {
    const long = [...sources, ...globSync("{test,bench}/**/*.ts", { cwd: root })].filter(
      (file) => !file.includes("/locales/") && read(file).split("\n").length > 301,
    );
    const longTemplates = templates.filter((file) => read(file).split("\n").length > 61);
    expect(long).to.deep.equal([]);
    expect(longTemplates).to.deep.equal([]);
  });

  it("every template is in the map, and the map names only templates", () => {
    const maps = globSync("src/views/**/*views.ts", { cwd: root }).map(read).join("\n");
    const mapped = [...maps.matchAll(/^ {2}"([\w/-]+)":/gm)].map((match) => match[1]);
    const files = templates.map((file) => file.replace(/^src\/views\/|\.eta$/g, ""));
    const included = templates.flatMap((file) =>
      [...read(file).matchAll(/(?:include\("\/|remembered\(")([\w/-]+)"/g)].map((match) => match[1]),
    );
    expect(files.filter((name) => !mapped.includes(name) && !included.includes(name))).to.deep.equal([]);
    expect(mapped.filter((name) => !files.includes(name ?? ""))).to.deep.equal([]);
    expect(included.filter((name) => !files.includes(name ?? ""))).to.deep.equal([]);
  });

  it("dates are written by the formatters that format.ts keeps", () => {
    const makes = globSync("src/{views,routes}/**/*.ts", { cwd: root }).filter((file) =>
      /new Intl\.DateTimeFormat/.test(read(file)),
    );
    // Set-up asks it whether a zone exists.
    expect(makes.sort()).to.deep.equal(["src/routes/set-up.ts", "src/views/format.ts"]);
  });

  it("no shell, no eval, and no pattern made of a user's text", () => {
    const all = globSync("src/**/*.ts", { cwd: root });
    const starts = all.filter((file) => read(file).includes("node:child_process"));
    expect(starts).to.deep.equal(["src/services/platform/embedded-postgres.ts"]);
    expect(read(starts[0] ?? "")).to.not.match(/[^.]\bexec\(|execSync|shell: true/);
    const dynamic = /\beval\(|new Function\(|node:vm|new RegExp\((?!\/)/;
    expect(all.filter((file) => dynamic.test(read(file)))).to.deep.equal([]);
    // Digests and tokens are compared by their digests in the database, or in constant time.
    const byHand = /(?:[Tt]oken|[Ss]ignature|[Hh]ash|[Mm]ac) ===? (?!null|undefined|"|'|true|false)/;
    expect(
      all.filter((file) => byHand.test(read(file).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, ""))),
    ).to.deep.equal([]);
  });

  it("only the code of a provider asks addresses outside by itself; whatever is typed goes through safeFetch", () => {
    const asks = globSync("src/**/*.ts", { cwd: root }).filter((file) =>
      /(?<![.\w])fetch\(|from "undici"|^import (?!type).* "node:https?"/m.test(read(file)),
    );
    expect(asks.sort()).to.deep.equal([
      "src/routes/demo/provider.ts",
      "src/services/channels/whatsapp/graph.ts",
      "src/services/channels/whatsapp/media.ts",
      "src/services/platform/safe-fetch.ts",
    ]);
  });

  it("no page listens to what other windows say", () => {
    const scripts = globSync("public/**/*.js", { cwd: root });
    expect(scripts).not.to.be.empty;
    expect(
      scripts.filter((file) => /["'`]message["'`]|onmessage|postMessage/.test(read(file))),
    ).to.deep.equal([]);
  });

  it("no archive is unpacked and no XML is read", () => {
    const all = globSync("src/**/*.ts", { cwd: root });
    expect(
      all.filter((file) => /from "(node:zlib|yauzl|tar|[^"]*(xml|unzip)[^"]*)"/.test(read(file))),
    ).to.deep.equal([]);
  });

  it("templates print nothing unescaped, hold no style and no inline handler", () => {
    const raw = templates.filter((file) =>
      /<%~(?!\s*(include\(|it\.remembered\(|it\.body))/.test(read(file)),
    );
    const styled = templates.filter((file) => /\sstyle=|<style|\son\w+=|hx-on/.test(read(file)));
    expect(raw).to.deep.equal([]);
    expect(styled).to.deep.equal([]);
  });

  it("every htmx element carries the nonce", () => {
    const bare = templates.flatMap((file) =>
      [
        ...read(file)
          .replaceAll(/<%.*?%>/gs, "x")
          .matchAll(/<(?!hx-)[a-z][^>]*\shx-(?:get|post|put|delete|sse:connect)=[^>]*>/gs),
      ]
        .filter((match) => !match[0].includes("hx-nonce"))
        .map((match) => `${file}: ${match[0].slice(0, 80)}`),
    );
    expect(bare).to.deep.equal([]);
  });

  it("a remembered region holds nothing of one page or one person", () => {
    const names = templates.flatMap((file) =>
      [...read(file).matchAll(/remembered\("([\w/-]+)"/g)].map((match) => match[1]),
    );
    const personal = names.filter((name) =>
      /it\.(nonce|viewer|firmName)/.test(read(`src/views/${name}.eta`)),
    );
    expect(names).to.not.be.empty;
    expect(personal).to.deep.equal([]);
  });

  it("what is pushed live asks for nothing by itself", () => {
    const pushed = [
      "messages/_message",
      "messages/_content",
      "messages/_attachment",
      "messages/_failure",
      "conversations/_note",
      "conversations/_day",
      "conversations/_happening",
    ];
    const asking = pushed.filter((name) => /\shx-/.test(read(`src/views/${name}.eta`)));
    expect(asking).to.deep.equal([]);
  });

  it("both languages have the same places, and every key and icon that is named exists", () => {
    const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort().join();
    const uneven = Object.entries(es).filter(
      ([key, text]) => places(text) !== places(en[key as keyof typeof en]),
    );
    expect(uneven).to.deep.equal([]);
    const named = [...sources, ...templates].flatMap((file) =>
      [...read(file).matchAll(/\bt\("([a-z_]+\.[a-z_.]+[a-z])"/g)].map((match) => match[1]),
    );
    expect(named.filter((key) => !(key && key in es))).to.deep.equal([]);
    const used = templates.flatMap((file) =>
      [...read(file).matchAll(/sprite\.svg#([a-z-]+)"/g)].map((match) => match[1]),
    );
    expect(used.filter((name) => !icons.includes(name as (typeof icons)[number]))).to.deep.equal([]);
  });

  it("every error that a service throws has words", () => {
    const thrown = sources.flatMap((file) =>
      [
        ...read(file).matchAll(
          /new (?:Conflict|Forbidden|NotFound)\("([\w.]+)"|new Invalid\(\{ \w+: "([\w.]+)"/g,
        ),
      ].map((match) => match[1] ?? match[2]),
    );
    expect(thrown.length).to.be.greaterThan(20);
    expect(thrown.filter((key) => !(key && key in es))).to.deep.equal([]);
  });

  it("every act that is audited has words", () => {
    const acts = sources.flatMap((file) =>
      [...read(file).matchAll(/\bact: "(\w+\.[\w.]+)"/g)].map((match) => match[1]),
    );
    expect(acts.length).to.be.greaterThan(20);
    expect(acts.filter((act) => !(`act.${act}` in es))).to.deep.equal([]);
  });
});
