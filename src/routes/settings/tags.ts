import { createHash } from "node:crypto";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { Invalid } from "../../services/platform/errors.ts";
import { addTag, changeTag, deleteTag, listColours, listTags, tagColours } from "../../services/tags/tags.ts";
import { translateFor } from "../../views/i18n.ts";
import { requirePermission } from "../guards.ts";
import { redirect } from "../respond.ts";
import { errorWords, idParam, parseForm, text } from "../validate.ts";

const tagForm = z.object({ name: text(200), colour: z.enum(tagColours) });

/** The firm's one vocabulary of tags: names, colours, and what nobody needs any more. */
export const tags: Router = Router();
tags.use("/settings/tags", requirePermission("tags.manage"));

tags.get("/settings/tags", (req, res) => page(req, res));

tags.post("/settings/tags", (req, res) => save(req, res, 0, (form) => addTag(req.ctx, form)));

tags.post("/settings/tags/:id", async (req, res) => {
  const id = idParam(req.params);
  await save(req, res, id, (form) => changeTag(req.ctx, id, form));
});

tags.post("/settings/tags/:id/removal", async (req, res) => {
  await deleteTag(req.ctx, idParam(req.params));
  redirect(res, "/settings/tags");
});

/** Colours as a style sheet: whatever shows a tag only says its name. */
tags.get("/tags.css", async (req, res) => {
  const coloured = await listColours(req.ctx);
  const css = coloured
    .map(
      ({ name, colour }) => `[data-tag="${escapeCss(name)}"]::before{${dot}background:var(--tag-${colour})}`,
    )
    .join("\n");
  const etag = `"${createHash("sha256").update(css).digest("base64url").slice(0, 20)}"`;
  res.set({ "Cache-Control": "private, no-cache", ETag: etag });
  if (req.get("if-none-match") === etag) res.status(304).end();
  else res.type("css").send(css);
});

const dot =
  'content:"";display:inline-block;flex:none;width:7px;height:7px;margin-inline-end:5px;border-radius:50%;';

/** Everything but letters and digits as its code point, so that a name can be nothing but a name. */
const escapeCss = (name: string): string =>
  [...name]
    .map((char) => (/[a-z0-9]/i.test(char) ? char : `\\${char.codePointAt(0)?.toString(16)} `))
    .join("");

async function save(
  req: Request,
  res: Response,
  id: number,
  work: (form: z.output<typeof tagForm>) => Promise<void>,
): Promise<void> {
  try {
    await work(parseForm(tagForm, req.body));
    redirect(res, "/settings/tags");
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    await page(req, res.status(422), { id, text: Object.values(errorWords(error, req.viewer)).join(" ") });
  }
}

async function page(req: Request, res: Response, faulty?: { id: number; text: string }): Promise<void> {
  const t = translateFor(req.viewer.locale);
  const all = await listTags(req.ctx);
  res.send(
    req.render("settings/tags/index", {
      title: t("tags.title"),
      colours: tagColours.map((value) => ({ value, label: t(`tags.colour_${value}`) })),
      error: faulty?.id === 0 ? faulty.text : "",
      tags: all.map((tag) => ({
        ...tag,
        uses: t("tags.uses", { contacts: tag.contacts, conversations: tag.conversations }),
        error: faulty?.id === tag.id ? faulty.text : "",
      })),
    }),
  );
}
