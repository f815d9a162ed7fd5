import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

export interface Line {
  number: number;
  /** `file › beginning of a title` of a test, `bench: figure`, or what is missing. */
  proof: string;
  isCovered: boolean;
}

/** The lines of a table of `docs/security`, with whether the test that each names exists. @throws on a name of none. */
export function readTable(name: string): Line[] {
  const text = readFileSync(resolve(root, `docs/security/${name}.md`), "utf8");
  return [...text.matchAll(/^\| (\d+) \|.*\| ([^|]*?) ?\|$/gm)].map(([, number, proof = ""]) => {
    const [file, title] = proof.split(" › ");
    const figure = /^bench: (\S+)$/.exec(proof)?.[1];
    if (figure) {
      if (!readFileSync(resolve(root, "bench/run.ts"), "utf8").includes(figure))
        throw new Error(`no figure ${figure}`);
    } else if (title !== undefined || proof.includes("›")) {
      const path = resolve(root, `test/${file?.replace(/ ›$/, "")}.test.ts`);
      const tests = existsSync(path) ? readFileSync(path, "utf8") : "";
      // The matrix names its tests after its roles.
      const role = title?.endsWith(":") && /\(`\$\{name\}:/.test(tests) && tests.includes(`  ${title} {`);
      const found = role || tests.includes(`("${title ?? ""}`) || tests.includes(`(\`${title ?? ""}`);
      if (tests === "" || !(title ? found : tests.includes("it(")))
        throw new Error(`${name} ${number}: no test ${proof}`);
    }
    return { number: Number(number), proof, isCovered: figure !== undefined || proof.includes("›") };
  });
}

if (import.meta.main) {
  for (const name of ["weaknesses", "asvs"]) {
    const lines = readTable(name);
    const open = lines.filter(({ isCovered }) => !isCovered);
    process.stdout.write(`${name}: ${lines.length - open.length} of ${lines.length} covered\n`);
    for (const { number, proof } of open) process.stdout.write(`  open: ${number} ${proof}\n`);
  }
}
