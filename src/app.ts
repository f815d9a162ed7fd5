import express, { type Express } from "express";
import session from "express-session";
import type pg from "pg";
import { apiV1 } from "./routes/api/v1.ts";
import { approvals } from "./routes/approvals.ts";
import { openAssets } from "./routes/assets.ts";
import { audit } from "./routes/audit.ts";
import { boardRoutes } from "./routes/board.ts";
import { cases } from "./routes/cases.ts";
import { commitments } from "./routes/commitments.ts";
import { companies } from "./routes/companies.ts";
import { confirmRoutes } from "./routes/confirm.ts";
import { contactEntries } from "./routes/contact-entries.ts";
import { contactFields } from "./routes/contact-fields.ts";
import { contactFiles } from "./routes/contact-files.ts";
import { contactMerges } from "./routes/contact-merges.ts";
import { contactPurchases } from "./routes/contact-purchases.ts";
import { contactTimeline } from "./routes/contact-timeline.ts";
import { contacts } from "./routes/contacts.ts";
import { contactsExport } from "./routes/contacts-export.ts";
import { conversationActs } from "./routes/conversation-acts.ts";
import { conversationRoutes } from "./routes/conversations.ts";
import { cspReports } from "./routes/csp-reports.ts";
import { openDemo } from "./routes/demo/demo.ts";
import { demoProvider, demoRoutes } from "./routes/demo/phone.ts";
import { errorHandler, notFoundHandler } from "./routes/errors.ts";
import { evidence } from "./routes/evidence.ts";
import { files } from "./routes/files.ts";
import { requireFormToken } from "./routes/form-token.ts";
import { requireAgent, sameSiteOnly } from "./routes/guards.ts";
import { securityHeaders } from "./routes/headers.ts";
import { type Health, healthRoutes } from "./routes/health.ts";
import { identify, prepare } from "./routes/identify.ts";
import { imports } from "./routes/imports.ts";
import { inboxRoutes } from "./routes/inbox.ts";
import { type Live, openLive } from "./routes/live.ts";
import { mentions } from "./routes/mentions.ts";
import { messages } from "./routes/messages.ts";
import { newContact } from "./routes/new-contact.ts";
import { passkeyRoutes, passkeys } from "./routes/passkeys.ts";
import { passwordRoutes } from "./routes/passwords.ts";
import { presence } from "./routes/presence.ts";
import { privacy } from "./routes/privacy.ts";
import { push, pushWorker } from "./routes/push.ts";
import { rememberInbox } from "./routes/remembered-inbox.ts";
import "./routes/request.ts";
import { reportExports } from "./routes/report-exports.ts";
import { reportLists } from "./routes/report-lists.ts";
import { reportPages } from "./routes/reports.ts";
import { reviews } from "./routes/reviews.ts";
import { scheduledMessages } from "./routes/scheduled-messages.ts";
import { searchRoutes } from "./routes/search.ts";
import { SessionStore } from "./routes/session-store.ts";
import { openSignIn } from "./routes/sessions.ts";
import { setUpRoutes } from "./routes/set-up.ts";
import { agentWork } from "./routes/settings/agent-work.ts";
import { agents } from "./routes/settings/agents.ts";
import { assignment } from "./routes/settings/assignment.ts";
import { assignmentRules } from "./routes/settings/assignment-rules.ts";
import { automation } from "./routes/settings/automation.ts";
import { fields } from "./routes/settings/fields.ts";
import { firm } from "./routes/settings/firm.ts";
import { hours } from "./routes/settings/hours.ts";
import { inboundEvents } from "./routes/settings/inbound-events.ts";
import { inboxes } from "./routes/settings/inboxes.ts";
import { profile } from "./routes/settings/profile.ts";
import { roles } from "./routes/settings/roles.ts";
import { secondFactor } from "./routes/settings/second-factor.ts";
import { sessions } from "./routes/settings/sessions.ts";
import { sla } from "./routes/settings/sla.ts";
import { sso } from "./routes/settings/sso.ts";
import { tags } from "./routes/settings/tags.ts";
import { teams } from "./routes/settings/teams.ts";
import { tokens } from "./routes/settings/tokens.ts";
import { topics } from "./routes/settings/topics.ts";
import { noteSignsOfLife } from "./routes/signs-of-life.ts";
import { ssoRoutes } from "./routes/sso.ts";
import { uploads } from "./routes/uploads.ts";
import { whatsappWebhook } from "./routes/webhooks/whatsapp.ts";
import type { Door } from "./services/channels/door.ts";
import type { Bell } from "./services/platform/bell.ts";
import type { Platform } from "./services/platform/context.ts";

/** Sessions last this long from signing in. Milliseconds. */
const sessionMs = 30 * 86_400_000;

export interface AppParts {
  platform: Platform;
  bell: Bell;
  door: Door;
  sessionPool: pg.Pool;
  /** The accounts of `npm run demo`, shown where one signs in. */
  logins: { email: string; password: string }[];
}

export interface App {
  express: Express;
  live: Live;
  health: Health;
}

/** The middleware recipe, and the list of routers that is the sitemap. */
export function createApp({ platform, bell, door, sessionPool, logins }: AppParts): App {
  const { config } = platform;
  const app = express();
  app
    .disable("x-powered-by")
    .set("trust proxy", config.trustProxy)
    .set("query parser", "simple")
    .set("etag", false);
  const assets = openAssets();
  app.locals.version = assets.version;
  const health = healthRoutes(platform);
  const live = openLive(platform, bell, assets.version);
  const inbox = rememberInbox(platform.memories);
  const signIn = openSignIn(platform, logins);
  const https = config.baseUrl?.startsWith("https://") ?? false;

  app.use(health.router);
  // A worker answers only whether it lives.
  if (!config.runsWeb) return { express: app, live, health };
  app.use(assets.router, pushWorker);
  app.use(whatsappWebhook(platform, door));
  const findDemo = openDemo(platform);
  app.use(demoProvider(findDemo));
  app.use(cspReports(platform));
  app.use(prepare, securityHeaders(https));
  app.use("/api", identify(platform, assets.version));
  app.use(apiV1);
  app.use("/api", notFoundHandler);
  // Before anybody is asked who they are: whoever lets a body drip acts with the rights of its end, not of its beginning.
  app.use(express.urlencoded({ extended: false, limit: "256kb" }), express.json({ limit: "256kb" }));
  app.use(
    session({
      name: https ? "__Host-hilo" : "hilo",
      secret: platform.secrets.deriveAll("sessions"),
      store: new SessionStore(sessionPool, platform.memories),
      // With https a proxy stands before us; it says so in X-Forwarded-Proto, and only the cookie listens to that.
      ...(https ? { proxy: true } : {}),
      resave: false,
      saveUninitialized: false,
      rolling: false,
      cookie: { httpOnly: true, sameSite: "lax", secure: https, path: "/", maxAge: sessionMs },
    }),
  );
  app.use(signIn.passport.initialize(), signIn.passport.session());
  app.use(identify(platform, assets.version));
  app.use(sameSiteOnly(() => config.baseUrl));
  app.use(requireFormToken(platform.secrets));

  app.use(setUpRoutes(findDemo));
  app.use(signIn.router, passkeyRoutes(platform), ssoRoutes(platform), passwordRoutes(platform));
  app.use(demoRoutes(findDemo, config.demo));
  app.use(requireAgent, noteSignsOfLife);
  app.use(
    inboxRoutes(live.cursor, inbox),
    boardRoutes(live.cursor),
    presence,
    push,
    conversationRoutes(live.cursor, inbox),
    conversationActs,
    scheduledMessages,
    cases,
    messages,
    files,
    uploads,
    newContact,
    contacts,
    contactFields,
    contactFiles,
    contactMerges,
    contactTimeline,
    contactEntries,
    contactPurchases,
    imports,
    mentions,
    commitments,
    companies,
    contactsExport,
    privacy,
    searchRoutes,
    reportExports,
    reportPages(live.cursor),
    reportLists,
    reviews,
  );
  app.use(
    live.router,
    approvals,
    confirmRoutes(platform),
    profile,
    secondFactor,
    passkeys,
    sessions,
    hours,
    sla,
    teams,
    assignment,
    assignmentRules,
    automation,
    agentWork,
    roles,
    tokens,
    sso,
    agents,
    inboxes,
    topics,
    firm,
    fields,
    tags,
    inboundEvents,
    audit,
    evidence,
  );
  app.use(notFoundHandler, errorHandler);
  return { express: app, live, health };
}
