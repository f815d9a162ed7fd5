import { createFirm, fillData, signIn } from "./data.ts";
import { openLoop, percentile, signedMessage } from "./load.ts";
import type { Figure } from "./run.ts";
import type { World } from "./world.ts";

const agents = 50;
const perSecond = 100;
const seconds = 15;

/** From posting a delivery to its bubble on the stream of the agent who looks at that conversation. */
export async function live(world: World): Promise<Figure[]> {
  const url = await world.createDatabase("live");
  await createFirm(url, agents);
  await fillData(url, 1000, 20);
  const hilo = await world.startHilo(url);
  const sentAt = new Map<string, number>();
  const times: number[] = [];
  const controller = new AbortController();
  const streams = Array.from({ length: agents }, async (_, n) => {
    const cookie = await signIn(hilo.url, n + 1);
    const response = await fetch(`${hilo.url}/live?conversation=${n + 1}`, {
      headers: { cookie },
      signal: controller.signal,
    });
    const reader = response.body?.getReader();
    const decoder = new TextDecoder();
    void (async () => {
      for (;;) {
        const part = await reader?.read();
        if (!part || part.done) return;
        for (const [mark] of decoder.decode(part.value, { stream: true }).matchAll(/marca-\d+-/g)) {
          const at = sentAt.get(mark);
          if (at === undefined) continue;
          sentAt.delete(mark);
          times.push(performance.now() - at);
        }
      }
    })().catch(() => {});
  });
  await Promise.all(streams);
  await new Promise((done) => setTimeout(done, 1000));
  await openLoop(hilo.url, perSecond, seconds, (n) => {
    const mark = `marca-${n}-`;
    const shot = signedMessage(`52155${10_000_001 + (n % agents)}`, `live.${n}`, `Hola ${mark}`);
    sentAt.set(mark, performance.now());
    return shot;
  });
  await new Promise((done) => setTimeout(done, 2000));
  const missing = sentAt.size;
  controller.abort();
  await hilo.stop();
  const p99 = percentile(times, 0.99);
  return [
    { name: "live.p99", value: p99, unit: "ms", target: "< 300", ok: p99 < 300 && missing === 0 },
    { name: "live.p50", value: percentile(times, 0.5), unit: "ms", target: "", ok: true },
    {
      name: "live.missing",
      value: missing,
      unit: `of ${perSecond * seconds}`,
      target: "0",
      ok: missing === 0,
    },
  ];
}
