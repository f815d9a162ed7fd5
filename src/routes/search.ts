import { Router } from "express";
import { search } from "../services/search/search.ts";
import { translateFor } from "../views/i18n.ts";
import { presentFound } from "../views/search/present.ts";
import { perAgent } from "./limits.ts";
import { fragment } from "./respond.ts";

/** People, words and things, everywhere the agent may look. */
export const searchRoutes: Router = Router();

// As one types asks several times a second; who reads everything out this way is slowed down.
searchRoutes.get("/search", perAgent(600, 60), async (req, res) => {
  const query = typeof req.query.q === "string" ? req.query.q.slice(0, 200) : "";
  const found = presentFound(await search(req.ctx, query), req.viewer);
  if (req.isFragment) return fragment(res, req.render("search/_results", { query, found }));
  const title = translateFor(req.viewer.locale)("nav.search");
  res.send(req.render("search/show", { title, query, found }));
});
