import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import chromium from "@sparticuz/chromium";
import { type Browser, type BrowserContext, chromium as launcher, type Page } from "playwright-core";
import { password } from "./cast.ts";

const find = createRequire(import.meta.url).resolve;
const axe = readFileSync(find("axe-core/axe.min.js"), "utf8");

/** The package's own flags hold `--single-process`, with which the browser dies when a page closes. */
export async function openBrowser(): Promise<Browser> {
  return launcher.launch({
    executablePath: await chromium.executablePath(),
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
  });
}

export interface Visit {
  context: BrowserContext;
  page: Page;
  /** What the browser complained about: scripts, policy, requests that failed. */
  complaints: string[];
}

export async function signIn(
  browser: Browser,
  url: string,
  who: string,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    locale: "es-MX",
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/net::ERR|Failed to load resource/.test(message.text()))
      complaints.push(message.text());
  });
  page.on("response", (response) => {
    if (response.status() >= 500) complaints.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(`${url}/login`);
  await page.fill("[name=email]", `${who}@firm.test`);
  await page.fill("[name=password]", password);
  await page.click("button.go");
  await page.waitForURL("**/inbox");
  return { context, page, complaints };
}

/** Opens a page of the inbox and waits until its stream is open: a robot types before htmx has looked at the page. */
export async function goTo(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForFunction(() => {
    const live = document.querySelector("#live") as (Element & { _htmx?: { sse?: object } }) | null;
    return live?._htmx?.sse !== undefined;
  });
}

/** Violations of WCAG 2.2 AA that a program can find. The test's browser skips the policy only for axe itself. */
export async function violations(page: Page): Promise<string[]> {
  return page.evaluate(async (source) => {
    const run = new Function(`${source}; return axe;`) as () => {
      run: (
        context: Document,
        options: object,
      ) => Promise<{ violations: { id: string; nodes: { target: unknown[]; failureSummary?: string }[] }[] }>;
    };
    const found = await run().run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${id}: ${node.target.join(" ")} ${node.failureSummary ?? ""}`),
    );
  }, axe);
}
