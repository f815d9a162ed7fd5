import { type Request, type Response, Router } from "express";
import { encode } from "uqr";
import { listPasskeys } from "../../services/agents/passkeys.ts";
import {
  confirmTotp,
  getSecondFactor,
  offerTotp,
  removeTotp,
  renewRecoveryCodes,
  type TotpOffer,
} from "../../services/agents/second-factor.ts";
import { Conflict, Invalid } from "../../services/platform/errors.ts";
import { dayAndClock } from "../../views/format.ts";
import { translateFor } from "../../views/i18n.ts";
import { begin } from "../enter.ts";
import { requireProof } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords } from "../validate.ts";

/** A second factor of one's own: an authenticator app, and codes for the day the phone is gone. */
export const secondFactor: Router = Router();
secondFactor.use("/settings/second-factor", requireProof);

secondFactor.get("/settings/second-factor", (req, res) => page(req, res, {}));

secondFactor.post("/settings/second-factor", async (req, res) =>
  page(req, res, { offer: await offerTotp(req.ctx) }),
);

secondFactor.post("/settings/second-factor/confirmation", async (req, res) => {
  const typed = (req.body as { code?: unknown } | undefined)?.code;
  try {
    const { codes, version } = await confirmTotp(req.ctx, typeof typed === "string" ? typed : "");
    // Every other session ended with it; this one goes on.
    if (req.user) await begin(req, { ...req.user, sessionVersion: version, mustSecure: false });
    await page(req, res, { codes });
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const offer = await offerTotp(req.ctx, true);
    await page(req, res.status(422), { offer, error: errorWords(error, req.viewer).code ?? "" });
  }
});

secondFactor.post("/settings/second-factor/codes", async (req, res) =>
  page(req, res, { codes: await renewRecoveryCodes(req.ctx) }),
);

secondFactor.post("/settings/second-factor/removal", async (req, res) => {
  try {
    await removeTotp(req.ctx);
    redirect(res, "/settings/second-factor");
  } catch (error) {
    if (!(error instanceof Conflict)) throw error;
    await page(req, res.status(409), { error: translateFor(req.viewer.locale)(error.key) });
  }
});

async function page(
  req: Request,
  res: Response,
  shown: { offer?: TotpOffer; codes?: string[]; error?: string },
): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const { offer, codes = null, error = "" } = shown;
  res.send(
    req.render("settings/second-factor", {
      title: t("second_factor.title"),
      state: await getSecondFactor(req.ctx),
      passkeys: (await listPasskeys(req.ctx)).map(({ id, name, createdAt, lastUsedAt }) => ({
        id,
        name,
        when: t("passkeys.when", {
          made: dayAndClock(createdAt, req.viewer.now, req.viewer),
          used: lastUsedAt ? dayAndClock(lastUsedAt, req.viewer.now, req.viewer) : "–",
        }),
      })),
      offer: offer ? { ...drawn(offer.uri), secret: offer.secret.replaceAll(/(.{4})(?=.)/g, "$1 ") } : null,
      codes,
      error,
    }),
  );
}

/** A QR code as the path of an SVG: one square for each dark module. */
function drawn(text: string): { size: number; path: string } {
  const { data, size } = encode(text, { border: 2 });
  const path = data.flatMap((line, y) => line.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
  return { size, path: path.join("") };
}
