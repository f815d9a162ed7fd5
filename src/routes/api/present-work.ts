import type { Agent } from "../../services/agents/queries.ts";
import type { Company } from "../../services/contacts/companies.ts";
import type { Team } from "../../services/routing/save-team.ts";

const id = (value: number): string => String(value);

export const presentAgent = (one: Agent) => ({
  id: id(one.id),
  name: one.name,
  email: one.email,
  role: one.roleName,
  availability: one.availability,
  teams: one.teams,
  active: one.deactivatedAt === null,
});

export const presentTeam = (one: Team) => ({
  id: id(one.id),
  name: one.name,
  strategy: one.strategy,
  agent_ids: one.memberIds.map(String),
});

export const presentCompany = (one: Company) => ({
  id: id(one.id),
  name: one.name,
  industry: one.industry,
  size: one.size,
  people: one.people,
});
