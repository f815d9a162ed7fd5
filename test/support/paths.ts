/** Pages of how work is given out and what is promised, for tests that walk through all of them as Diego. */
export const workPages = [
  "/board",
  "/settings/hours",
  "/settings/hours/1",
  "/settings/hours/new",
  "/settings/sla",
  "/settings/sla/2",
  "/settings/sla/new",
  "/settings/teams",
  "/settings/assignment",
  "/settings/assignment/rehearsal",
  "/settings/assignment/rules/new",
  "/settings/agents/1/work",
  "/settings/automation",
];
