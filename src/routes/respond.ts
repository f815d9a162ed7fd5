import type { Request, Response } from "express";

/** Sends regions of HTML, one after the other. */
export function fragment(res: Response, ...regions: string[]): void {
  res.type("html").send(regions.join("\n"));
}

/** After a form without htmx: see other. */
export function redirect(res: Response, path: string): void {
  res.redirect(303, path);
}

/** After a form with htmx that changes the whole page. */
export function leave(req: { isFragment: boolean }, res: Response, path: string): void {
  if (req.isFragment) res.set("HX-Redirect", path).status(204).end();
  else redirect(res, path);
}

/** Where Hilo is reached: its public address when it is configured, else where this page was asked for. */
export const ownUrl = (req: Request): string =>
  req.ctx.config.baseUrl ?? `${req.protocol}://${req.get("host") ?? ""}`;
