table agent_links (
  id bigint not null generated always as identity
  agent_id bigint not null
  kind text not null
  token_hash text not null
  sealed_token text -- Encrypted until the mail has gone; null when no mail is wanted.
  created_by_id bigint
  created_at timestamp with time zone not null default now()
  expires_at timestamp with time zone not null
  used_at timestamp with time zone
  constraint agent_links_kind_check CHECK ((kind = ANY (ARRAY['invitation'::text, 'reset'::text])))
  constraint agent_links_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint agent_links_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES agents(id)
  constraint agent_links_pkey PRIMARY KEY (id)
  constraint agent_links_token_hash_key UNIQUE (token_hash)
)
CREATE UNIQUE INDEX agent_links_one ON public.agent_links USING btree (agent_id) WHERE (used_at IS NULL);
CREATE INDEX agent_links_to_mail ON public.agent_links USING btree (id) WHERE (sealed_token IS NOT NULL);

table agent_skills (
  agent_id bigint not null
  skill text not null
  constraint agent_skills_skill_check CHECK (((length(skill) >= 1) AND (length(skill) <= 60)))
  constraint agent_skills_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
  constraint agent_skills_pkey PRIMARY KEY (agent_id, skill)
)

table agents (
  id bigint not null generated always as identity
  email text not null
  name text not null
  password_hash text
  role_id bigint not null
  locale text not null default 'es'::text
  time_zone text not null default 'America/Mexico_City'::text
  availability text not null default 'offline'::text
  max_waiting integer not null default 5
  max_open integer not null default 12
  session_version integer not null default 0
  deactivated_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  availability_changed_at timestamp with time zone not null default now()
  availability_source text not null default 'hand'::text
  away_reason text not null default ''::text
  back_at timestamp with time zone
  last_seen_at timestamp with time zone
  last_assigned_at timestamp with time zone
  last_reply_at timestamp with time zone
  receives boolean not null default false -- Whether conversations are given to them by Hilo.
  business_hours_id bigint -- Their own hours: outside of them they are offline. Null: they say it themselves.
  totp_secret text -- Encrypted; null: no second factor.
  totp_pending text -- Encrypted; shown as a QR code and not yet confirmed by a code.
  totp_last_step bigint -- Of the newest code that was taken: none is taken twice.
  sso_issuer text
  sso_subject text
  constraint agents_availability_check CHECK ((availability = ANY (ARRAY['online'::text, 'away'::text, 'offline'::text])))
  constraint agents_availability_source_check CHECK ((availability_source = ANY (ARRAY['hand'::text, 'inactivity'::text, 'schedule'::text])))
  constraint agents_away_reason_check CHECK ((length(away_reason) <= 120))
  constraint agents_email_check CHECK (((email = lower(email)) AND (length(email) <= 254)))
  constraint agents_locale_check CHECK ((locale = ANY (ARRAY['es'::text, 'en'::text])))
  constraint agents_max_open_check CHECK (((max_open >= 0) AND (max_open <= 1000)))
  constraint agents_max_waiting_check CHECK (((max_waiting >= 0) AND (max_waiting <= 1000)))
  constraint agents_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120)))
  constraint agents_sso_whole CHECK (((sso_issuer IS NULL) = (sso_subject IS NULL)))
  constraint agents_business_hours_id_fkey FOREIGN KEY (business_hours_id) REFERENCES business_hours(id)
  constraint agents_role_id_fkey FOREIGN KEY (role_id) REFERENCES roles(id)
  constraint agents_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX agents_email ON public.agents USING btree (email);
CREATE UNIQUE INDEX agents_sso ON public.agents USING btree (sso_issuer, sso_subject);

table alerts (
  id bigint not null generated always as identity
  agent_id bigint not null
  conversation_id bigint not null
  kind text not null
  by_id bigint
  created_at timestamp with time zone not null default now()
  seen_at timestamp with time zone
  mailed_at timestamp with time zone
  pushed_at timestamp with time zone
  constraint alerts_kind_check CHECK ((kind = ANY (ARRAY['stalled'::text, 'reassigned'::text, 'nobody'::text, 'neglected'::text, 'nudge'::text, 'low_score'::text, 'comment'::text, 'unsent'::text, 'assigned'::text])))
  constraint alerts_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
  constraint alerts_by_id_fkey FOREIGN KEY (by_id) REFERENCES agents(id)
  constraint alerts_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint alerts_pkey PRIMARY KEY (id)
)
CREATE INDEX alerts_agent ON public.alerts USING btree (agent_id, id DESC);
CREATE INDEX alerts_conversation ON public.alerts USING btree (conversation_id);
CREATE INDEX alerts_unmailed ON public.alerts USING btree (id) WHERE ((mailed_at IS NULL) AND (seen_at IS NULL));
CREATE INDEX alerts_unpushed ON public.alerts USING btree (id) WHERE ((pushed_at IS NULL) AND (seen_at IS NULL));
CREATE INDEX alerts_unseen ON public.alerts USING btree (agent_id) WHERE (seen_at IS NULL);

table api_tokens (
  id bigint not null generated always as identity
  name text not null
  agent_id bigint not null
  token_hash text not null -- SHA-256: the token itself is shown once and kept nowhere.
  last_used_at timestamp with time zone
  revoked_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  scopes text[] -- Permissions of its agent that it has too; null: all of them.
  read_only boolean not null default false
  expires_at timestamp with time zone
  created_by_id bigint
  constraint api_tokens_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint api_tokens_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint api_tokens_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES agents(id)
  constraint api_tokens_pkey PRIMARY KEY (id)
  constraint api_tokens_token_hash_key UNIQUE (token_hash)
)
CREATE INDEX api_tokens_agent ON public.api_tokens USING btree (agent_id);

table approvals (
  id bigint not null generated always as identity
  act text not null
  params jsonb not null
  asked_by_id bigint not null
  asked_at timestamp with time zone not null default now()
  decided_by_id bigint
  decided_at timestamp with time zone
  is_given boolean
  used_at timestamp with time zone
  constraint approvals_check CHECK (((decided_by_id IS NULL) OR (decided_by_id <> asked_by_id)))
  constraint approvals_check1 CHECK (((decided_at IS NULL) = (is_given IS NULL)))
  constraint approvals_check2 CHECK (((used_at IS NULL) OR is_given))
  constraint approvals_asked_by_id_fkey FOREIGN KEY (asked_by_id) REFERENCES agents(id)
  constraint approvals_decided_by_id_fkey FOREIGN KEY (decided_by_id) REFERENCES agents(id)
  constraint approvals_pkey PRIMARY KEY (id)
)
CREATE INDEX approvals_asked ON public.approvals USING btree (asked_by_id, id DESC);
CREATE UNIQUE INDEX approvals_open ON public.approvals USING btree (asked_by_id, act, params) WHERE (decided_at IS NULL);
CREATE INDEX approvals_pending ON public.approvals USING btree (asked_at) WHERE (decided_at IS NULL);

table assignment_rules (
  id bigint not null generated always as identity
  name text not null
  position integer not null
  conditions jsonb not null
  actions jsonb not null
  created_at timestamp with time zone not null default now()
  constraint assignment_rules_actions_check CHECK ((jsonb_typeof(actions) = 'object'::text))
  constraint assignment_rules_conditions_check CHECK ((jsonb_typeof(conditions) = 'object'::text))
  constraint assignment_rules_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint assignment_rules_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX assignment_rules_name ON public.assignment_rules USING btree (plain(name));

table assignments (
  id bigint not null generated always as identity
  conversation_id bigint not null
  assignee_id bigint
  team_id bigint
  assigned_by_id bigint
  reason text not null
  created_at timestamp with time zone not null default now()
  constraint assignments_assigned_by_id_fkey FOREIGN KEY (assigned_by_id) REFERENCES agents(id)
  constraint assignments_assignee_id_fkey FOREIGN KEY (assignee_id) REFERENCES agents(id)
  constraint assignments_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint assignments_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams(id)
  constraint assignments_pkey PRIMARY KEY (id)
)
CREATE INDEX assignments_conversation ON public.assignments USING btree (conversation_id, id);
CREATE INDEX assignments_given ON public.assignments USING btree (created_at) WHERE (assignee_id IS NOT NULL);

table attachments (
  id bigint not null generated always as identity
  public_id text not null default replace((gen_random_uuid())::text, '-'::text, ''::text) -- How addresses name it: not guessable; the session is checked all the same.
  message_id bigint
  contact_id bigint
  uploaded_by_id bigint
  kind text not null
  file_name text not null default ''::text
  media_type text not null default 'application/octet-stream'::text
  bytes bigint
  sha256 text
  width integer
  height integer
  storage_key text
  thumbnail_key text
  provider_media_id text
  state text not null
  error text
  attempts integer not null default 0
  due_at timestamp with time zone
  lease_ends_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  constraint attachments_check CHECK (((state <> 'stored'::text) OR (storage_key IS NOT NULL)))
  constraint attachments_kind_check CHECK ((kind = ANY (ARRAY['image'::text, 'video'::text, 'audio'::text, 'document'::text, 'sticker'::text])))
  constraint attachments_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'fetching'::text, 'stored'::text, 'failed'::text])))
  constraint attachments_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint attachments_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages(id)
  constraint attachments_uploaded_by_id_fkey FOREIGN KEY (uploaded_by_id) REFERENCES agents(id)
  constraint attachments_pkey PRIMARY KEY (id)
  constraint attachments_public_id_key UNIQUE (public_id)
)
CREATE INDEX attachments_contact ON public.attachments USING btree (contact_id, id DESC);
CREATE INDEX attachments_due ON public.attachments USING btree (due_at) WHERE (state = ANY (ARRAY['pending'::text, 'fetching'::text]));
CREATE INDEX attachments_message ON public.attachments USING btree (message_id);
CREATE INDEX attachments_name ON public.attachments USING gin (plain(file_name) gin_trgm_ops) WHERE ((file_name <> ''::text) AND (contact_id IS NOT NULL));
CREATE INDEX attachments_same ON public.attachments USING btree (contact_id, sha256) WHERE (sha256 IS NOT NULL);

table audit_events (
  id bigint not null generated always as identity
  actor_kind text not null
  actor_id bigint
  source text not null
  act text not null
  conversation_id bigint
  contact_id bigint
  message_id bigint
  agent_id bigint
  inbox_id bigint
  data jsonb not null default '{}'::jsonb
  created_at timestamp with time zone not null
  transaction_id xid8 not null default pg_current_xact_id()
  erased_digest bytea -- SHA-256 of what was sealed of it, once its data was erased.
  address text -- Where the act came from: an IP address; null for what Hilo does by itself, and for what was noted before this column.
  constraint audit_events_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['agent'::text, 'system'::text, 'anonymous'::text])))
  constraint audit_events_erased_is_empty CHECK (((erased_digest IS NULL) OR (data = '{}'::jsonb)))
  constraint audit_events_source_check CHECK ((source = ANY (ARRAY['web'::text, 'api'::text, 'cli'::text, 'system'::text])))
  constraint audit_events_pkey PRIMARY KEY (id)
)
CREATE INDEX audit_events_act ON public.audit_events USING btree (act, id DESC);
CREATE INDEX audit_events_actor ON public.audit_events USING btree (actor_id, id DESC) WHERE (actor_id IS NOT NULL);
CREATE INDEX audit_events_card ON public.audit_events USING btree (contact_id, created_at DESC, id DESC) WHERE (act = ANY (ARRAY['contact.created'::text, 'contact.changed'::text, 'contact.merged'::text, 'contact.unmerged'::text, 'contact.separated'::text]));
CREATE INDEX audit_events_contact ON public.audit_events USING btree (contact_id, id) WHERE (contact_id IS NOT NULL);
CREATE INDEX audit_events_conversation ON public.audit_events USING btree (conversation_id, id) WHERE (conversation_id IS NOT NULL);
CREATE TRIGGER audit_events_append_only BEFORE DELETE OR TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_events_only_erased BEFORE UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION refuse_change_but_erasure();

table automatic_messages (
  kind text not null
  enabled boolean not null default false
  text_es text not null
  text_en text not null
  options_es text[] not null default '{}'::text[]
  options_en text[] not null default '{}'::text[]
  constraint automatic_messages_kind_check CHECK ((kind = ANY (ARRAY['greeting'::text, 'out_of_hours'::text, 'queue_notice'::text, 'confirm'::text, 'csat'::text, 'nps'::text, 'thanks'::text, 'nudge'::text, 'silence'::text])))
  constraint automatic_messages_text_en_check CHECK ((length(text_en) <= 1000))
  constraint automatic_messages_text_es_check CHECK (((length(text_es) >= 1) AND (length(text_es) <= 1000)))
  constraint automatic_messages_pkey PRIMARY KEY (kind)
)

table automatic_sends (
  conversation_id bigint not null
  kind text not null
  on_date date not null
  created_at timestamp with time zone not null default now()
  constraint automatic_sends_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE
  constraint automatic_sends_kind_fkey FOREIGN KEY (kind) REFERENCES automatic_messages(kind)
  constraint automatic_sends_pkey PRIMARY KEY (conversation_id, kind, on_date)
)

table business_hours (
  id bigint not null generated always as identity
  name text not null
  time_zone text not null
  week jsonb not null -- Monday first: of each day a list of [from, to] in minutes after its midnight; above 1440 it ends on the next day.
  version integer not null default 1
  created_at timestamp with time zone not null default now()
  constraint business_hours_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint business_hours_time_zone_check CHECK (((length(time_zone) >= 1) AND (length(time_zone) <= 80)))
  constraint business_hours_week_check CHECK (((jsonb_typeof(week) = 'array'::text) AND (jsonb_array_length(week) = 7)))
  constraint business_hours_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX business_hours_name ON public.business_hours USING btree (plain(name));

table case_steps (
  id bigint not null generated always as identity
  case_id bigint not null
  position integer not null
  title text not null
  done_at timestamp with time zone
  done_by_id bigint
  constraint case_steps_check CHECK (((done_at IS NOT NULL) OR (done_by_id IS NULL)))
  constraint case_steps_title_check CHECK (((length(title) >= 1) AND (length(title) <= 160)))
  constraint case_steps_case_id_fkey FOREIGN KEY (case_id) REFERENCES cases(id) ON DELETE CASCADE
  constraint case_steps_done_by_id_fkey FOREIGN KEY (done_by_id) REFERENCES agents(id)
  constraint case_steps_pkey PRIMARY KEY (id)
  constraint case_steps_case_id_position_key UNIQUE (case_id, "position")
)

table cases (
  id bigint not null generated always as identity
  contact_id bigint not null
  conversation_id bigint not null -- Where it was opened.
  isolated_inbox_id bigint -- Of the conversation where it was opened: only its team knows of it.
  topic_id bigint
  title text not null
  status text not null default 'open'::text
  state_note text not null default ''::text -- Where it stands, in words.
  solution text not null default ''::text
  opened_at timestamp with time zone not null
  opened_by_id bigint
  resolved_at timestamp with time zone
  resolved_by_id bigint
  client_token uuid
  created_at timestamp with time zone not null default now()
  constraint cases_check CHECK (((status = 'resolved'::text) = (resolved_at IS NOT NULL)))
  constraint cases_solution_check CHECK ((length(solution) <= 2000))
  constraint cases_state_note_check CHECK ((length(state_note) <= 300))
  constraint cases_status_check CHECK ((status = ANY (ARRAY['open'::text, 'resolved'::text])))
  constraint cases_title_check CHECK (((length(title) >= 1) AND (length(title) <= 160)))
  constraint cases_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint cases_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint cases_isolated_inbox_id_fkey FOREIGN KEY (isolated_inbox_id) REFERENCES inboxes(id)
  constraint cases_opened_by_id_fkey FOREIGN KEY (opened_by_id) REFERENCES agents(id)
  constraint cases_resolved_by_id_fkey FOREIGN KEY (resolved_by_id) REFERENCES agents(id)
  constraint cases_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES topics(id)
  constraint cases_pkey PRIMARY KEY (id)
  constraint cases_client_token_key UNIQUE (client_token)
)
CREATE INDEX cases_contact ON public.cases USING btree (contact_id, opened_at DESC, id DESC);
CREATE INDEX cases_open ON public.cases USING btree (contact_id) WHERE (status = 'open'::text);
CREATE INDEX cases_recurrence ON public.cases USING btree (contact_id, topic_id, opened_at) WHERE (topic_id IS NOT NULL);
CREATE INDEX cases_title ON public.cases USING gin (plain(title) gin_trgm_ops);

table commitments (
  id bigint not null generated always as identity
  contact_id bigint not null
  conversation_id bigint
  isolated_inbox_id bigint -- Of the conversation where it was promised: only its team knows of it.
  text text not null
  due_on date -- A day in the zone of the firm; null is soon.
  promised_at timestamp with time zone not null
  promised_by_id bigint
  done_at timestamp with time zone
  done_by_id bigint
  created_at timestamp with time zone not null default now()
  constraint commitments_check CHECK (((done_at IS NOT NULL) OR (done_by_id IS NULL)))
  constraint commitments_text_check CHECK (((length(text) >= 1) AND (length(text) <= 300)))
  constraint commitments_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint commitments_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint commitments_done_by_id_fkey FOREIGN KEY (done_by_id) REFERENCES agents(id)
  constraint commitments_isolated_inbox_id_fkey FOREIGN KEY (isolated_inbox_id) REFERENCES inboxes(id)
  constraint commitments_promised_by_id_fkey FOREIGN KEY (promised_by_id) REFERENCES agents(id)
  constraint commitments_pkey PRIMARY KEY (id)
)
CREATE INDEX commitments_due ON public.commitments USING btree (due_on, id) WHERE (done_at IS NULL);
CREATE INDEX commitments_open ON public.commitments USING btree (contact_id, due_on, id) WHERE (done_at IS NULL);
CREATE INDEX commitments_timeline ON public.commitments USING btree (contact_id, promised_at DESC, id DESC);

table companies (
  id bigint not null generated always as identity
  name text not null
  created_at timestamp with time zone not null default now()
  industry text not null default ''::text
  size text not null default ''::text -- As people say it: 20 personas, 11-50.
  constraint companies_industry_check CHECK ((length(industry) <= 80))
  constraint companies_name_check CHECK (((length(name) >= 1) AND (length(name) <= 160)))
  constraint companies_size_check CHECK ((length(size) <= 40))
  constraint companies_pkey PRIMARY KEY (id)
  constraint companies_name_key UNIQUE (name)
)
CREATE INDEX companies_name ON public.companies USING gin (plain(name) gin_trgm_ops);

table contact_distinctions (
  lower_id bigint not null
  higher_id bigint not null
  agent_id bigint
  created_at timestamp with time zone not null default now()
  constraint contact_distinctions_check CHECK ((lower_id < higher_id))
  constraint contact_distinctions_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint contact_distinctions_higher_id_fkey FOREIGN KEY (higher_id) REFERENCES contacts(id) ON DELETE CASCADE
  constraint contact_distinctions_lower_id_fkey FOREIGN KEY (lower_id) REFERENCES contacts(id) ON DELETE CASCADE
  constraint contact_distinctions_pkey PRIMARY KEY (lower_id, higher_id)
)

table contact_identities (
  id bigint not null generated always as identity
  contact_id bigint not null
  channel text not null
  external_id text not null -- The provider's id byte for byte: replies go to it.
  kind text not null
  phone_match_key text -- Canonical digits, only to recognise the same person in another spelling.
  display text not null default ''::text
  send_alternate text -- The other spelling, once the provider has accepted it where it refused the first.
  verified_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  constraint contact_identities_channel_check CHECK ((channel = 'whatsapp'::text))
  constraint contact_identities_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 200)))
  constraint contact_identities_kind_check CHECK ((kind = ANY (ARRAY['phone'::text, 'user_id'::text])))
  constraint contact_identities_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint contact_identities_pkey PRIMARY KEY (id)
  constraint contact_identities_channel_external_id_key UNIQUE (channel, external_id)
)
CREATE INDEX contact_identities_contact ON public.contact_identities USING btree (contact_id);
CREATE INDEX contact_identities_digits ON public.contact_identities USING gin (external_id gin_trgm_ops);
CREATE INDEX contact_identities_key_digits ON public.contact_identities USING gin (phone_match_key gin_trgm_ops);
CREATE INDEX contact_identities_phone ON public.contact_identities USING btree (phone_match_key) WHERE (phone_match_key IS NOT NULL);

table contact_merge_moves (
  merge_id bigint not null
  table_name text not null
  conversation_id bigint -- The conversation whose messages these were, where they moved to another.
  row_ids bigint[] not null
  constraint contact_merge_moves_merge_id_fkey FOREIGN KEY (merge_id) REFERENCES contact_merges(id) ON DELETE CASCADE
)
CREATE INDEX contact_merge_moves_merge ON public.contact_merge_moves USING btree (merge_id);

table contact_merges (
  id bigint not null generated always as identity
  kept_id bigint not null
  merged_id bigint not null
  merged_at timestamp with time zone not null
  merged_by_id bigint
  undone_at timestamp with time zone
  undone_by_id bigint
  snapshots jsonb not null default '[]'::jsonb -- Rows that the merge rewrote, before and after: {table, id, before, after}.
  constraint contact_merges_check CHECK ((kept_id <> merged_id))
  constraint contact_merges_check1 CHECK (((undone_at IS NOT NULL) OR (undone_by_id IS NULL)))
  constraint contact_merges_kept_id_fkey FOREIGN KEY (kept_id) REFERENCES contacts(id)
  constraint contact_merges_merged_by_id_fkey FOREIGN KEY (merged_by_id) REFERENCES agents(id)
  constraint contact_merges_merged_id_fkey FOREIGN KEY (merged_id) REFERENCES contacts(id)
  constraint contact_merges_undone_by_id_fkey FOREIGN KEY (undone_by_id) REFERENCES agents(id)
  constraint contact_merges_pkey PRIMARY KEY (id)
)
CREATE INDEX contact_merges_kept ON public.contact_merges USING btree (kept_id, id DESC);
CREATE UNIQUE INDEX contact_merges_standing ON public.contact_merges USING btree (merged_id) WHERE (undone_at IS NULL);

table contact_tags (
  contact_id bigint not null
  tag_id bigint not null
  constraint contact_tags_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id) ON DELETE CASCADE
  constraint contact_tags_tag_id_fkey FOREIGN KEY (tag_id) REFERENCES tags(id) ON DELETE CASCADE
  constraint contact_tags_pkey PRIMARY KEY (contact_id, tag_id)
)
CREATE INDEX contact_tags_tag ON public.contact_tags USING btree (tag_id);

table contacts (
  id bigint not null generated always as identity
  name text not null default ''::text
  name_source text not null default 'provider'::text -- A name that an agent typed is never overwritten by the provider's.
  company_id bigint
  job_title text not null default ''::text
  email text not null default ''::text
  phone text not null default ''::text
  phone_match_key text
  language text not null default ''::text
  custom jsonb not null default '{}'::jsonb
  first_seen_at timestamp with time zone not null default now()
  created_at timestamp with time zone not null default now()
  client_token uuid -- Of the request that made it: the same request again makes nothing.
  location text not null default ''::text
  preferred_channel text not null default ''::text -- As a person says it: correo, WhatsApp.
  preferred_hours text not null default ''::text
  do_not_call boolean not null default false
  merged_into_id bigint -- Who this contact turned out to be: what they had is theirs now.
  erased_at timestamp with time zone
  do_not_contact boolean not null default false -- Answered when they write, never written to otherwise.
  constraint contacts_location_check CHECK ((length(location) <= 160))
  constraint contacts_merged_into_another CHECK ((merged_into_id <> id))
  constraint contacts_name_check CHECK ((length(name) <= 200))
  constraint contacts_name_source_check CHECK ((name_source = ANY (ARRAY['provider'::text, 'agent'::text])))
  constraint contacts_preferred_channel_check CHECK ((length(preferred_channel) <= 60))
  constraint contacts_preferred_hours_check CHECK ((length(preferred_hours) <= 120))
  constraint contacts_company_id_fkey FOREIGN KEY (company_id) REFERENCES companies(id)
  constraint contacts_merged_into_id_fkey FOREIGN KEY (merged_into_id) REFERENCES contacts(id)
  constraint contacts_pkey PRIMARY KEY (id)
  constraint contacts_client_token_key UNIQUE (client_token)
)
CREATE INDEX contacts_company ON public.contacts USING btree (company_id) WHERE (company_id IS NOT NULL);
CREATE INDEX contacts_email ON public.contacts USING btree (lower(email)) WHERE (email <> ''::text);
CREATE INDEX contacts_email_part ON public.contacts USING gin (lower(email) gin_trgm_ops) WHERE (email <> ''::text);
CREATE INDEX contacts_merged ON public.contacts USING btree (merged_into_id) WHERE (merged_into_id IS NOT NULL);
CREATE INDEX contacts_name ON public.contacts USING gin (plain(name) gin_trgm_ops);
CREATE INDEX contacts_phone ON public.contacts USING btree (phone_match_key) WHERE (phone_match_key IS NOT NULL);

table conversation_facts (
  conversation_id bigint not null
  contact_id bigint not null
  opened_at timestamp with time zone not null
  measured_at timestamp with time zone not null default now()
  inbound integer not null
  outbound integer not null
  automatic integer not null
  questions integer not null
  transfers integer not null
  reopenings integer not null
  responses integer not null
  handling_seconds integer not null
  next_met integer not null
  next_missed integer not null
  next_responses integer not null default 0 -- How often a person answered after the first time; next_business_seconds is what those took together.
  next_business_seconds integer not null default 0
  promises_met integer not null generated always as (((next_met + ((NOT (first_sla IS DISTINCT FROM 'met'::text)))::integer) + ((NOT (resolution_sla IS DISTINCT FROM 'met'::text)))::integer)) stored
  promises_missed integer not null generated always as (((next_missed + ((NOT (first_sla IS DISTINCT FROM 'missed'::text)))::integer) + ((NOT (resolution_sla IS DISTINCT FROM 'missed'::text)))::integer)) stored
  said_again boolean not null
  had_to_repeat boolean not null generated always as ((said_again OR (asked_again <> '{}'::text[]) OR (known_before <> '{}'::text[]))) stored
  is_resolved boolean not null generated always as ((status = 'resolved'::text)) stored
  resolved_at timestamp with time zone
  first_agent_id bigint
  sole_agent_id bigint generated always as (
CASE
    WHEN ((agent_ids = ARRAY[COALESCE(resolved_by_id, agent_ids[1])]) AND (agent_next = ARRAY[next_responses]) AND (agent_next_seconds = ARRAY[next_business_seconds]) AND (agent_next_met = ARRAY[next_met]) AND (agent_next_missed = ARRAY[next_missed])) THEN agent_ids[1]
    ELSE NULL::bigint
END) stored -- Who did everything that a person did in it: what is counted of the conversation is counted of them. Null: more than one did.
  inbox_id bigint
  topic_id bigint
  resolved_by_id bigint
  first_response_business_seconds integer
  resolution_business_seconds integer
  first_response_seconds integer
  resolution_seconds integer
  team_id bigint
  csat integer
  nps integer
  recontact_at timestamp with time zone -- When the same contact came back about the same topic within seven days of the resolution.
  isolated_inbox_id bigint
  assignee_id bigint
  case_id bigint
  confirmed boolean
  status text not null
  first_sla text
  resolution_sla text
  abandoned text
  answered_by text not null
  outcome text
  channel text
  priority text not null
  people_ids bigint[] not null generated always as (
CASE
    WHEN ((resolved_by_id IS NULL) OR (resolved_by_id = ANY (agent_ids))) THEN agent_ids
    ELSE (agent_ids || resolved_by_id)
END) stored -- Who answered, as agent_ids, and at the end who resolved it without a word.
  agent_next integer[] not null default '{}'::integer[] -- The same of each of agent_ids, in their order: how many answers after the first, their seconds, and the targets of those that they met and missed.
  agent_next_seconds integer[] not null default '{}'::integer[]
  agent_next_met integer[] not null default '{}'::integer[]
  agent_next_missed integer[] not null default '{}'::integer[]
  agent_ids bigint[] not null
  inbox_ids bigint[] not null
  channels text[] not null
  asked text[] not null -- What we asked for and the contact answered: name, phone, email, order, address.
  asked_again text[] not null -- What we asked for though it had been answered in this conversation.
  known_before text[] not null default '{}'::text[] -- What we asked for though the contact had answered it in an earlier conversation.
  constraint conversation_facts_abandoned_check1 CHECK ((abandoned = ANY (ARRAY['saturation'::text, 'frustration'::text])))
  constraint conversation_facts_answered_by_check1 CHECK ((answered_by = ANY (ARRAY['person'::text, 'bot'::text, 'nobody'::text])))
  constraint conversation_facts_first_sla_check1 CHECK ((first_sla = ANY (ARRAY['met'::text, 'missed'::text])))
  constraint conversation_facts_resolution_sla_check1 CHECK ((resolution_sla = ANY (ARRAY['met'::text, 'missed'::text])))
  constraint conversation_facts_pkey PRIMARY KEY (conversation_id)
)
CREATE INDEX conversation_facts_contact ON public.conversation_facts USING btree (contact_id, opened_at);
CREATE INDEX conversation_facts_opened ON public.conversation_facts USING btree (opened_at, conversation_id);
CREATE INDEX conversation_facts_people ON public.conversation_facts USING gin (people_ids);

table conversation_tags (
  conversation_id bigint not null
  tag_id bigint not null
  constraint conversation_tags_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE
  constraint conversation_tags_tag_id_fkey FOREIGN KEY (tag_id) REFERENCES tags(id) ON DELETE CASCADE
  constraint conversation_tags_pkey PRIMARY KEY (conversation_id, tag_id)
)

table conversations (
  id bigint not null generated always as identity
  contact_id bigint not null
  isolated_inbox_id bigint
  status text not null default 'open'::text
  priority text not null default 'normal'::text
  team_id bigint
  assignee_id bigint
  waiting_since timestamp with time zone
  first_response_at timestamp with time zone
  last_activity_at timestamp with time zone not null
  last_inbound_at timestamp with time zone
  last_inbox_id bigint
  last_identity_id bigint
  preview text not null default ''::text
  preview_kind text not null default 'text'::text
  preview_author text not null default 'contact'::text
  unread_count integer not null default 0
  snoozed_until timestamp with time zone
  opened_at timestamp with time zone not null
  resolved_at timestamp with time zone
  resolved_by_id bigint
  created_at timestamp with time zone not null default now()
  merged_into_id bigint -- Where it goes on since its contact was merged: its messages are there.
  topic_id bigint
  flagged_at timestamp with time zone -- The red flag: unanswered for 24 hours. An answer takes it down.
  skill text
  rule_id bigint
  summary text not null default ''::text
  outcome text -- What came of it where something was to be sold or booked; null: nothing was, or nobody said.
  constraint conversations_check CHECK (((status = 'resolved'::text) = (resolved_at IS NOT NULL)))
  constraint conversations_check1 CHECK (((status = 'snoozed'::text) = (snoozed_until IS NOT NULL)))
  constraint conversations_merged_is_resolved CHECK (((merged_into_id IS NULL) OR ((merged_into_id <> id) AND (status = 'resolved'::text))))
  constraint conversations_outcome_check CHECK ((outcome = ANY (ARRAY['won'::text, 'lost'::text])))
  constraint conversations_preview_author_check CHECK ((preview_author = ANY (ARRAY['contact'::text, 'agent'::text, 'bot'::text, 'phone'::text])))
  constraint conversations_priority_check CHECK ((priority = ANY (ARRAY['low'::text, 'normal'::text, 'high'::text, 'urgent'::text])))
  constraint conversations_skill_check CHECK ((length(skill) <= 60))
  constraint conversations_status_check CHECK ((status = ANY (ARRAY['open'::text, 'pending'::text, 'snoozed'::text, 'resolved'::text])))
  constraint conversations_summary_check CHECK ((length(summary) <= 1000))
  constraint conversations_unread_count_check CHECK ((unread_count >= 0))
  constraint conversations_assignee_id_fkey FOREIGN KEY (assignee_id) REFERENCES agents(id)
  constraint conversations_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint conversations_isolated_inbox_id_fkey FOREIGN KEY (isolated_inbox_id) REFERENCES inboxes(id)
  constraint conversations_last_identity_id_fkey FOREIGN KEY (last_identity_id) REFERENCES contact_identities(id)
  constraint conversations_last_inbox_id_fkey FOREIGN KEY (last_inbox_id) REFERENCES inboxes(id)
  constraint conversations_merged_into_id_fkey FOREIGN KEY (merged_into_id) REFERENCES conversations(id)
  constraint conversations_resolved_by_id_fkey FOREIGN KEY (resolved_by_id) REFERENCES agents(id)
  constraint conversations_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES assignment_rules(id) ON DELETE SET NULL
  constraint conversations_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams(id)
  constraint conversations_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES topics(id)
  constraint conversations_pkey PRIMARY KEY (id)
)
CREATE INDEX conversations_answered ON public.conversations USING btree (last_activity_at, id) WHERE ((status = ANY (ARRAY['open'::text, 'pending'::text])) AND (waiting_since IS NULL));
CREATE INDEX conversations_assignee ON public.conversations USING btree (assignee_id, last_activity_at DESC, id DESC) WHERE (status <> 'resolved'::text);
CREATE INDEX conversations_contact ON public.conversations USING btree (contact_id, opened_at DESC);
CREATE INDEX conversations_isolated ON public.conversations USING btree (isolated_inbox_id) WHERE (isolated_inbox_id IS NOT NULL);
CREATE INDEX conversations_merged ON public.conversations USING btree (merged_into_id) WHERE (merged_into_id IS NOT NULL);
CREATE UNIQUE INDEX conversations_one_unresolved ON public.conversations USING btree (contact_id, COALESCE(isolated_inbox_id, (0)::bigint)) WHERE (status <> 'resolved'::text);
CREATE INDEX conversations_queue ON public.conversations USING btree ((
CASE priority
    WHEN 'urgent'::text THEN 0
    WHEN 'high'::text THEN 1
    WHEN 'normal'::text THEN 2
    ELSE 3
END), waiting_since, id) WHERE ((status = 'open'::text) AND (assignee_id IS NULL));
CREATE INDEX conversations_snoozed ON public.conversations USING btree (snoozed_until) WHERE (status = 'snoozed'::text);
CREATE INDEX conversations_status ON public.conversations USING btree (status, last_activity_at DESC, id DESC);
CREATE INDEX conversations_unresolved ON public.conversations USING btree (last_activity_at DESC, id DESC) WHERE (status <> 'resolved'::text);

table custom_fields (
  id bigint not null generated always as identity
  record_type_id bigint -- Whose field it is; null is a field of every customer's card.
  key text not null -- Its name in stored values and in the API: never changes.
  label text not null
  kind text not null
  options text[] not null default '{}'::text[]
  place text -- Which field is a record's title, its date, its state.
  position integer not null default 0
  archived_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  constraint custom_fields_check CHECK (((kind = 'choice'::text) = (cardinality(options) > 0)))
  constraint custom_fields_check1 CHECK (((place IS NULL) OR (record_type_id IS NOT NULL)))
  constraint custom_fields_key_check CHECK ((key ~ '^[a-z][a-z0-9_]{0,39}$'::text))
  constraint custom_fields_kind_check CHECK ((kind = ANY (ARRAY['text'::text, 'number'::text, 'date'::text, 'datetime'::text, 'choice'::text, 'boolean'::text])))
  constraint custom_fields_label_check CHECK (((length(label) >= 1) AND (length(label) <= 60)))
  constraint custom_fields_options_check CHECK ((cardinality(options) <= 50))
  constraint custom_fields_place_check CHECK ((place = ANY (ARRAY['title'::text, 'date'::text, 'state'::text])))
  constraint custom_fields_record_type_id_fkey FOREIGN KEY (record_type_id) REFERENCES record_types(id)
  constraint custom_fields_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX custom_fields_key ON public.custom_fields USING btree (COALESCE(record_type_id, (0)::bigint), key);
CREATE UNIQUE INDEX custom_fields_place ON public.custom_fields USING btree (record_type_id, place) WHERE ((place IS NOT NULL) AND (archived_at IS NULL));

table drafts (
  conversation_id bigint not null
  agent_id bigint not null
  kind text not null
  text text not null
  updated_at timestamp with time zone not null
  constraint drafts_kind_check CHECK ((kind = ANY (ARRAY['reply'::text, 'note'::text])))
  constraint drafts_text_check CHECK ((length(text) <= 10000))
  constraint drafts_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
  constraint drafts_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE
  constraint drafts_pkey PRIMARY KEY (conversation_id, agent_id, kind)
)

table early_events (
  id bigint not null generated always as identity
  inbox_id bigint not null
  external_id text not null
  event jsonb not null
  created_at timestamp with time zone not null default now()
  constraint early_events_inbox_id_fkey FOREIGN KEY (inbox_id) REFERENCES inboxes(id)
  constraint early_events_pkey PRIMARY KEY (id)
)
CREATE INDEX early_events_target ON public.early_events USING btree (inbox_id, external_id);

table escalations (
  id bigint not null generated always as identity
  conversation_id bigint not null
  clock_id bigint not null
  cycle integer not null
  step text not null
  created_at timestamp with time zone not null default now()
  constraint escalations_step_check CHECK ((step = ANY (ARRAY['breach'::text, 'alert'::text, 'reassign'::text, 'flag'::text])))
  constraint escalations_clock_id_fkey FOREIGN KEY (clock_id) REFERENCES sla_clocks(id)
  constraint escalations_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint escalations_pkey PRIMARY KEY (id)
  constraint escalations_clock_id_cycle_step_key UNIQUE (clock_id, cycle, step)
)
CREATE INDEX escalations_conversation ON public.escalations USING btree (conversation_id, id);

table exports (
  id bigint not null generated always as identity
  agent_id bigint not null
  kind text not null
  params jsonb not null
  state text not null default 'waiting'::text
  total integer not null
  written integer not null default 0
  storage_key text
  bytes bigint
  lease_ends_at timestamp with time zone
  run integer not null default 0 -- Counts who writes it: of two, the one with the older number stops.
  created_at timestamp with time zone not null default now()
  finished_at timestamp with time zone
  constraint exports_kind_check CHECK ((kind = ANY (ARRAY['conversations'::text, 'messages'::text, 'responses'::text])))
  constraint exports_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text, 'cancelled'::text])))
  constraint exports_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint exports_pkey PRIMARY KEY (id)
)
CREATE INDEX exports_agent ON public.exports USING btree (agent_id, id DESC);
CREATE INDEX exports_waiting ON public.exports USING btree (id) WHERE (state = ANY (ARRAY['waiting'::text, 'running'::text]));

table fact_marks (
  conversation_id bigint not null
)

table firm (
  id boolean not null default true
  name text not null default ''::text
  locale text not null default 'es'::text
  time_zone text not null default 'America/Mexico_City'::text
  country text not null default 'MX'::text
  reopen_seconds integer not null default 86400
  set_up_at timestamp with time zone
  set_up_token_hash text
  high_value_amount numeric(14,2) not null default 1000 -- Who bought for more than this in 30 days, in any one currency, is shown as of high value.
  business_hours_id bigint not null
  strategy text not null default 'least_loaded'::text -- How conversations of no team are given out; manual: by people.
  pilot_percent integer not null default 100
  last_agent_first boolean not null default true
  inactive_minutes integer not null default 15 -- Away after this long without a sign of life; 0: never.
  absence_minutes integer default 10 -- What waits with an absent agent goes to the queue after this long; null: it stays.
  transfer_needs_note boolean not null default false
  frequent_conversations integer not null default 3 -- More than this many in 30 days make a priority; 0: never. Returns: in 90 days.
  frequent_returns integer not null default 2
  priority_tag text not null default 'prioridad'::text
  queue_notice_seconds integer not null default 60
  requires_topic boolean not null default false
  requires_case_state boolean not null default false
  requires_summary boolean not null default false
  after_resolving text not null default 'nothing'::text
  nps_percent integer not null default 0
  low_score numeric(3,1) not null default 3.5
  low_score_reopens boolean not null default false
  nudge_hours integer
  silence_hours integer -- What we answered and nobody took up is closed after this long; null: never. Nudged before, after nudge_hours.
  approval_acts text[] not null default '{}'::text[] -- What waits for a second person; names of services/agents/approvals.ts.
  constraint firm_absence_minutes_check CHECK (((absence_minutes >= 0) AND (absence_minutes <= 1440)))
  constraint firm_after_resolving_check CHECK ((after_resolving = ANY (ARRAY['nothing'::text, 'confirm'::text, 'survey'::text])))
  constraint firm_country_check CHECK ((country ~ '^[A-Z]{2}$'::text))
  constraint firm_frequent_conversations_check CHECK ((frequent_conversations >= 0))
  constraint firm_frequent_returns_check CHECK ((frequent_returns >= 0))
  constraint firm_high_value_amount_check CHECK ((high_value_amount > (0)::numeric))
  constraint firm_id_check CHECK (id)
  constraint firm_inactive_minutes_check CHECK (((inactive_minutes >= 0) AND (inactive_minutes <= 1440)))
  constraint firm_locale_check CHECK ((locale = ANY (ARRAY['es'::text, 'en'::text])))
  constraint firm_low_score_check CHECK (((low_score >= (1)::numeric) AND (low_score <= (5)::numeric)))
  constraint firm_name_check CHECK ((length(name) <= 120))
  constraint firm_nps_percent_check CHECK (((nps_percent >= 0) AND (nps_percent <= 100)))
  constraint firm_nudge_hours_check CHECK (((nudge_hours >= 1) AND (nudge_hours <= 720)))
  constraint firm_pilot_percent_check CHECK (((pilot_percent >= 0) AND (pilot_percent <= 100)))
  constraint firm_priority_tag_check CHECK ((length(priority_tag) <= 60))
  constraint firm_queue_notice_seconds_check CHECK (((queue_notice_seconds >= 10) AND (queue_notice_seconds <= 86400)))
  constraint firm_reopen_seconds_check CHECK ((reopen_seconds >= 0))
  constraint firm_silence_hours_check CHECK (((silence_hours >= 1) AND (silence_hours <= 720)))
  constraint firm_strategy_check CHECK ((strategy = ANY (ARRAY['least_loaded'::text, 'round_robin'::text, 'longest_idle'::text, 'manual'::text])))
  constraint firm_business_hours_id_fkey FOREIGN KEY (business_hours_id) REFERENCES business_hours(id)
  constraint firm_pkey PRIMARY KEY (id)
)

table holidays (
  id bigint not null generated always as identity
  business_hours_id bigint not null
  on_date date not null
  name text not null
  spans jsonb not null default '[]'::jsonb -- What is open on that day in place of the week's hours; empty: closed.
  created_at timestamp with time zone not null default now()
  constraint holidays_name_check CHECK (((length(name) >= 1) AND (length(name) <= 120)))
  constraint holidays_spans_check CHECK ((jsonb_typeof(spans) = 'array'::text))
  constraint holidays_business_hours_id_fkey FOREIGN KEY (business_hours_id) REFERENCES business_hours(id) ON DELETE CASCADE
  constraint holidays_pkey PRIMARY KEY (id)
  constraint holidays_business_hours_id_on_date_key UNIQUE (business_hours_id, on_date)
)

table idempotency_keys (
  agent_id bigint not null
  key text not null
  request_hash text not null
  status integer
  answer jsonb
  created_at timestamp with time zone not null default now()
  constraint idempotency_keys_key_check CHECK (((length(key) >= 1) AND (length(key) <= 200)))
  constraint idempotency_keys_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint idempotency_keys_pkey PRIMARY KEY (agent_id, key)
)
CREATE INDEX idempotency_keys_created ON public.idempotency_keys USING btree (created_at);

table import_faults (
  import_id bigint not null
  row_number bigint not null -- As a spreadsheet counts: the header is row 1.
  column_name text not null
  reason text not null
  value text not null
  constraint import_faults_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(id) ON DELETE CASCADE
  constraint import_faults_pkey PRIMARY KEY (import_id, row_number, column_name)
)

table imports (
  id bigint not null generated always as identity
  kind text not null
  agent_id bigint not null
  file_name text not null default ''::text
  storage_key text
  encoding text not null
  delimiter text not null
  header text[] not null
  mapping text[] not null default '{}'::text[] -- For each column of the file the field that it fills, empty for none.
  on_duplicate text not null default 'update'::text
  state text not null default 'mapping'::text
  position bigint not null default 0 -- Rows that are done: where it goes on after a stop.
  total bigint -- Rows of the file, known once it was checked.
  created bigint not null default 0
  updated bigint not null default 0
  skipped bigint not null default 0
  faulty bigint not null default 0
  fault jsonb
  lease_ends_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  finished_at timestamp with time zone
  constraint imports_delimiter_check CHECK ((length(delimiter) = 1))
  constraint imports_encoding_check CHECK ((encoding = ANY (ARRAY['utf-8'::text, 'utf-16le'::text, 'windows-1252'::text])))
  constraint imports_kind_check CHECK ((kind = ANY (ARRAY['contacts'::text, 'purchases'::text])))
  constraint imports_on_duplicate_check CHECK ((on_duplicate = ANY (ARRAY['update'::text, 'skip'::text])))
  constraint imports_state_check CHECK ((state = ANY (ARRAY['mapping'::text, 'checking'::text, 'checked'::text, 'importing'::text, 'done'::text, 'failed'::text, 'cancelled'::text])))
  constraint imports_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint imports_pkey PRIMARY KEY (id)
)
CREATE INDEX imports_due ON public.imports USING btree (id) WHERE (state = ANY (ARRAY['checking'::text, 'importing'::text]));

table inbound_events (
  id bigint not null generated always as identity
  channel text not null
  body bytea not null
  secret_fingerprint text not null
  state text not null default 'received'::text
  error text
  unused text[] not null default '{}'::text[] -- Parts that are kept here and that nothing uses yet, by field name.
  received_at timestamp with time zone not null default now()
  done_at timestamp with time zone
  constraint inbound_events_state_check CHECK ((state = ANY (ARRAY['received'::text, 'done'::text, 'quarantined'::text])))
  constraint inbound_events_pkey PRIMARY KEY (id)
)
CREATE INDEX inbound_events_done ON public.inbound_events USING btree (done_at) WHERE (state = 'done'::text);
CREATE INDEX inbound_events_quarantined ON public.inbound_events USING btree (id DESC) WHERE (state = 'quarantined'::text);
CREATE INDEX inbound_events_received ON public.inbound_events USING btree (id) WHERE (state = 'received'::text);

table inboxes (
  id bigint not null generated always as identity
  channel text not null
  name text not null
  external_id text not null -- How deliveries name it: WhatsApp's phone_number_id.
  account_id text not null default ''::text -- WhatsApp Business Account id: names the inbox in account fields.
  address text not null default ''::text
  settings jsonb not null default '{}'::jsonb
  secrets text -- Encrypted JSON; the key lies outside the database.
  app_secret_fingerprint text
  verify_token_hash text
  team_id bigint
  isolated boolean not null default false -- Conversations of its own, which only its team sees.
  paused_until timestamp with time zone
  authorization_lost_at timestamp with time zone
  last_webhook_at timestamp with time zone
  last_error text
  last_error_at timestamp with time zone
  send_tokens double precision not null default 80 -- Token bucket of the provider's messages per second.
  send_tokens_at timestamp with time zone not null default now()
  deactivated_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  demo boolean not null default false -- Its provider is Hilo itself: what is sent leaves no machine, and a simulated phone writes to it.
  constraint inboxes_channel_check CHECK ((channel = 'whatsapp'::text))
  constraint inboxes_check CHECK (((NOT isolated) OR (team_id IS NOT NULL)))
  constraint inboxes_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint inboxes_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams(id)
  constraint inboxes_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX inboxes_address ON public.inboxes USING btree (channel, external_id) WHERE (deactivated_at IS NULL);
CREATE UNIQUE INDEX inboxes_demo ON public.inboxes USING btree (demo) WHERE (demo AND (deactivated_at IS NULL));

table interactions (
  id bigint not null generated always as identity
  contact_id bigint not null
  kind text not null
  at timestamp with time zone not null
  seconds integer
  summary text not null default ''::text
  url text not null default ''::text
  participants text not null default ''::text
  agreements text not null default ''::text
  next_step text not null default ''::text
  external_id text
  agent_id bigint
  client_token uuid
  created_at timestamp with time zone not null default now()
  constraint interactions_agreements_check CHECK ((length(agreements) <= 2000))
  constraint interactions_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 120)))
  constraint interactions_kind_check CHECK ((kind = ANY (ARRAY['call'::text, 'meeting'::text, 'visit'::text, 'page'::text, 'download'::text, 'event'::text, 'product_use'::text, 'other'::text])))
  constraint interactions_next_step_check CHECK ((length(next_step) <= 300))
  constraint interactions_participants_check CHECK ((length(participants) <= 500))
  constraint interactions_seconds_check CHECK (((seconds >= 0) AND (seconds <= 604800)))
  constraint interactions_summary_check CHECK ((length(summary) <= 2000))
  constraint interactions_url_check CHECK ((length(url) <= 500))
  constraint interactions_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint interactions_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint interactions_pkey PRIMARY KEY (id)
  constraint interactions_client_token_key UNIQUE (client_token)
)
CREATE INDEX interactions_contact ON public.interactions USING btree (contact_id, at DESC, id DESC);
CREATE UNIQUE INDEX interactions_external ON public.interactions USING btree (contact_id, external_id) WHERE (external_id IS NOT NULL);

table message_reactions (
  message_id bigint not null
  author_kind text not null
  emoji text not null
  agent_id bigint
  sent_at timestamp with time zone not null
  constraint message_reactions_author_kind_check CHECK ((author_kind = ANY (ARRAY['contact'::text, 'firm'::text])))
  constraint message_reactions_emoji_check CHECK ((length(emoji) <= 32))
  constraint message_reactions_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint message_reactions_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages(id) ON DELETE CASCADE
  constraint message_reactions_pkey PRIMARY KEY (message_id, author_kind)
)

table messages (
  id bigint not null generated always as identity
  conversation_id bigint not null
  contact_id bigint not null
  inbox_id bigint not null
  identity_id bigint
  direction text not null
  kind text not null
  shown boolean not null generated always as ((kind <> ALL (ARRAY['reaction'::text, 'edit'::text, 'revoke'::text]))) stored
  text text not null default ''::text -- As it first came: an edit is a row of its own and shows in edited_text.
  content jsonb not null default '{}'::jsonb -- What the kind needs beyond text; shapes in services/conversations/types.ts.
  reply_to_id bigint
  external_id text
  client_token uuid
  author_kind text not null
  author_agent_id bigint
  delivery text
  delivery_error jsonb
  discarded_at timestamp with time zone
  due_at timestamp with time zone
  attempts integer not null default 0
  lease_ends_at timestamp with time zone
  edited_text text
  edited_at timestamp with time zone
  revoked_at timestamp with time zone
  sent_at timestamp with time zone not null -- The provider's time.
  created_at timestamp with time zone not null default now()
  search tsvector generated always as (to_tsvector('hilo'::regconfig, "left"(text, 8000))) stored
  erased_digest bytea -- SHA-256 of what was sealed of it, once its content was erased.
  constraint messages_author_kind_check CHECK ((author_kind = ANY (ARRAY['contact'::text, 'agent'::text, 'bot'::text, 'phone'::text])))
  constraint messages_check CHECK (((direction = 'inbound'::text) = (delivery IS NULL)))
  constraint messages_check1 CHECK (((author_kind = 'agent'::text) = (author_agent_id IS NOT NULL)))
  constraint messages_delivery_check CHECK ((delivery = ANY (ARRAY['queued'::text, 'sending'::text, 'sent'::text, 'delivered'::text, 'read'::text, 'failed'::text, 'unknown'::text])))
  constraint messages_direction_check CHECK ((direction = ANY (ARRAY['inbound'::text, 'outbound'::text])))
  constraint messages_erased_is_empty CHECK (((erased_digest IS NULL) OR ((text = ''::text) AND (content = '{}'::jsonb) AND (edited_text IS NULL) AND (identity_id IS NULL) AND (delivery_error IS NULL))))
  constraint messages_kind_check CHECK ((kind = ANY (ARRAY['text'::text, 'image'::text, 'video'::text, 'audio'::text, 'document'::text, 'sticker'::text, 'location'::text, 'contacts'::text, 'choice'::text, 'form'::text, 'order'::text, 'system'::text, 'welcome'::text, 'unsupported'::text, 'reaction'::text, 'edit'::text, 'revoke'::text])))
  constraint messages_author_agent_id_fkey FOREIGN KEY (author_agent_id) REFERENCES agents(id)
  constraint messages_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint messages_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint messages_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES contact_identities(id)
  constraint messages_inbox_id_fkey FOREIGN KEY (inbox_id) REFERENCES inboxes(id)
  constraint messages_reply_to_id_fkey FOREIGN KEY (reply_to_id) REFERENCES messages(id)
  constraint messages_pkey PRIMARY KEY (id)
  constraint messages_client_token_key UNIQUE (client_token)
)
CREATE INDEX messages_contact ON public.messages USING btree (contact_id, sent_at DESC, id DESC) WHERE shown;
CREATE INDEX messages_due ON public.messages USING btree (inbox_id, due_at) WHERE (delivery = 'queued'::text);
CREATE UNIQUE INDEX messages_external ON public.messages USING btree (inbox_id, external_id) WHERE (external_id IS NOT NULL);
CREATE INDEX messages_hidden_contact ON public.messages USING btree (contact_id) WHERE (NOT shown);
CREATE INDEX messages_hidden_conversation ON public.messages USING btree (conversation_id) WHERE (NOT shown);
CREATE INDEX messages_leased ON public.messages USING btree (lease_ends_at) WHERE (delivery = 'sending'::text);
CREATE INDEX messages_search ON public.messages USING gin (search) WHERE shown;
CREATE INDEX messages_thread ON public.messages USING btree (conversation_id, sent_at DESC, id DESC) WHERE shown;
CREATE INDEX messages_unfinished ON public.messages USING btree (conversation_id, id) WHERE (delivery = ANY (ARRAY['queued'::text, 'sending'::text]));

table note_mentions (
  note_id bigint not null
  agent_id bigint not null
  created_at timestamp with time zone not null
  seen_at timestamp with time zone
  constraint note_mentions_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
  constraint note_mentions_note_id_fkey FOREIGN KEY (note_id) REFERENCES notes(id) ON DELETE CASCADE
  constraint note_mentions_pkey PRIMARY KEY (note_id, agent_id)
)
CREATE INDEX note_mentions_agent ON public.note_mentions USING btree (agent_id, created_at DESC, note_id DESC);
CREATE INDEX note_mentions_unseen ON public.note_mentions USING btree (agent_id) WHERE (seen_at IS NULL);

table notes (
  id bigint not null generated always as identity
  contact_id bigint not null
  conversation_id bigint
  agent_id bigint
  text text not null
  pinned boolean not null default false
  client_token uuid
  created_at timestamp with time zone not null default now()
  search tsvector generated always as (to_tsvector('hilo'::regconfig, "left"(text, 8000))) stored
  wrap_up jsonb -- A note in parts: problem, action, nextStep, dueOn; its text holds them all for search.
  constraint notes_text_check CHECK (((length(text) >= 1) AND (length(text) <= 10000)))
  constraint notes_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint notes_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint notes_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint notes_pkey PRIMARY KEY (id)
  constraint notes_client_token_key UNIQUE (client_token)
)
CREATE INDEX notes_conversation ON public.notes USING btree (conversation_id, created_at, id);
CREATE INDEX notes_search ON public.notes USING gin (search);
CREATE INDEX notes_timeline ON public.notes USING btree (contact_id, created_at DESC, id DESC);

table passkeys (
  id bigint not null generated always as identity
  agent_id bigint not null
  credential_id text not null -- Base64url, as the browser names it.
  public_key bytea not null
  counter bigint not null default 0 -- Of the authenticator: it never goes back, or the key was copied. Zero where it does not count.
  transports text[] not null default '{}'::text[]
  name text not null
  created_at timestamp with time zone not null default now()
  last_used_at timestamp with time zone
  constraint passkeys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint passkeys_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
  constraint passkeys_pkey PRIMARY KEY (id)
  constraint passkeys_credential_id_key UNIQUE (credential_id)
)
CREATE INDEX passkeys_agent ON public.passkeys USING btree (agent_id);

table purchases (
  id bigint not null generated always as identity
  contact_id bigint not null
  external_id text not null
  number text not null default ''::text
  placed_at timestamp with time zone
  amount numeric(14,2)
  currency text
  status text not null default ''::text
  tracking_url text not null default ''::text
  delivery_window text not null default ''::text
  returned_at timestamp with time zone
  items jsonb not null default '[]'::jsonb
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint purchases_currency_check CHECK ((currency ~ '^[A-Z]{3}$'::text))
  constraint purchases_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 120)))
  constraint purchases_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint purchases_pkey PRIMARY KEY (id)
  constraint purchases_contact_id_external_id_key UNIQUE (contact_id, external_id)
)
CREATE INDEX purchases_external ON public.purchases USING gin (lower(external_id) gin_trgm_ops);
CREATE INDEX purchases_items ON public.purchases USING gin (plain((items)::text) gin_trgm_ops) WHERE (items <> '[]'::jsonb);
CREATE INDEX purchases_number ON public.purchases USING gin (lower(number) gin_trgm_ops);
CREATE INDEX purchases_timeline ON public.purchases USING btree (contact_id, COALESCE(placed_at, created_at) DESC, id DESC);

table push_keys (
  id boolean not null default true
  public_key text not null
  private_key text not null -- Encrypted with the key that is not in the database.
  constraint push_keys_id_check CHECK (id)
  constraint push_keys_pkey PRIMARY KEY (id)
)

table push_subscriptions (
  id bigint not null generated always as identity
  agent_id bigint not null
  endpoint text not null
  p256dh text not null
  auth text not null
  created_at timestamp with time zone not null default now()
  constraint push_subscriptions_auth_check CHECK ((length(auth) <= 100))
  constraint push_subscriptions_endpoint_check CHECK ((length(endpoint) <= 1000))
  constraint push_subscriptions_p256dh_check CHECK ((length(p256dh) <= 200))
  constraint push_subscriptions_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
  constraint push_subscriptions_pkey PRIMARY KEY (id)
  constraint push_subscriptions_endpoint_key UNIQUE (endpoint)
)
CREATE INDEX push_subscriptions_agent ON public.push_subscriptions USING btree (agent_id);

table rate_limits (
  key text not null
  points integer not null default 0
  expire bigint
  constraint rate_limits_pkey PRIMARY KEY (key)
)

table record_types (
  id bigint not null generated always as identity
  name text not null
  archived_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  constraint record_types_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60)))
  constraint record_types_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX record_types_name ON public.record_types USING btree (plain(name));

table records (
  id bigint not null generated always as identity
  contact_id bigint not null
  record_type_id bigint not null
  external_id text not null
  title text not null
  at timestamp with time zone not null -- Its date field, or when it was made: its place in the timeline.
  state text not null default ''::text
  values jsonb not null default '{}'::jsonb -- Of all its fields, by key.
  created_by_id bigint
  created_at timestamp with time zone not null default now()
  updated_at timestamp with time zone not null default now()
  constraint records_external_id_check CHECK (((length(external_id) >= 1) AND (length(external_id) <= 120)))
  constraint records_state_check CHECK ((length(state) <= 200))
  constraint records_title_check CHECK (((length(title) >= 1) AND (length(title) <= 200)))
  constraint records_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint records_created_by_id_fkey FOREIGN KEY (created_by_id) REFERENCES agents(id)
  constraint records_record_type_id_fkey FOREIGN KEY (record_type_id) REFERENCES record_types(id)
  constraint records_pkey PRIMARY KEY (id)
  constraint records_contact_id_record_type_id_external_id_key UNIQUE (contact_id, record_type_id, external_id)
)
CREATE INDEX records_contact ON public.records USING btree (contact_id, at DESC, id DESC);
CREATE INDEX records_title ON public.records USING gin (plain(title) gin_trgm_ops);
CREATE INDEX records_type ON public.records USING btree (record_type_id);

table recovery_codes (
  id bigint not null generated always as identity
  agent_id bigint not null
  code_hash text not null
  used_at timestamp with time zone
  constraint recovery_codes_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
  constraint recovery_codes_pkey PRIMARY KEY (id)
  constraint recovery_codes_agent_id_code_hash_key UNIQUE (agent_id, code_hash)
)

table report_mails (
  saved_report_id bigint not null
  monday date not null
  sent_at timestamp with time zone not null default now()
  constraint report_mails_saved_report_id_fkey FOREIGN KEY (saved_report_id) REFERENCES saved_reports(id) ON DELETE CASCADE
  constraint report_mails_pkey PRIMARY KEY (saved_report_id, monday)
)

table response_facts (
  conversation_id bigint not null
  n integer not null -- Which wait of the conversation: two can begin in one moment, for providers count whole seconds.
  asked_at timestamp with time zone not null
  answered_at timestamp with time zone not null
  agent_id bigint
  is_first boolean not null
  seconds integer not null
  business_seconds integer not null
  constraint response_facts_pkey PRIMARY KEY (conversation_id, n)
)
CREATE INDEX response_facts_asked ON public.response_facts USING btree (asked_at);

table retention_rules (
  kind text not null
  months integer not null
  applied_before timestamp with time zone -- What is older than this is gone.
  constraint retention_rules_kind_check CHECK ((kind = ANY (ARRAY['messages'::text, 'files'::text, 'interactions'::text])))
  constraint retention_rules_months_check CHECK (((months >= 1) AND (months <= 240)))
  constraint retention_rules_pkey PRIMARY KEY (kind)
)

table review_criteria (
  id bigint not null generated always as identity
  position integer not null
  question text not null
  weight integer not null default 1
  archived_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  constraint review_criteria_question_check CHECK (((length(question) >= 1) AND (length(question) <= 200)))
  constraint review_criteria_weight_check CHECK (((weight >= 1) AND (weight <= 5)))
  constraint review_criteria_pkey PRIMARY KEY (id)
)

table reviews (
  id bigint not null generated always as identity
  conversation_id bigint not null
  reviewer_id bigint not null
  agent_id bigint -- Whom it is about: who resolved it, else who answered first; null: no person did.
  picked_by text not null
  scores jsonb not null default '{}'::jsonb -- From 1 to 5 by id of the criterion; what does not apply is not there.
  score numeric(5,2) -- Weighted share of the possible, in percent; null: nothing applied, or not finished.
  comment text not null default ''::text
  needs_coaching boolean not null default false
  coached_at timestamp with time zone
  answer text not null default ''::text
  answered_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  finished_at timestamp with time zone
  constraint reviews_answer_check CHECK ((length(answer) <= 4000))
  constraint reviews_check CHECK (((finished_at IS NOT NULL) OR (score IS NULL)))
  constraint reviews_comment_check CHECK ((length(comment) <= 4000))
  constraint reviews_picked_by_check CHECK ((picked_by = ANY (ARRAY['random'::text, 'low'::text, 'missed'::text, 'reopened'::text, 'transferred'::text, 'repeated'::text, 'hand'::text])))
  constraint reviews_score_check CHECK (((score >= (0)::numeric) AND (score <= (100)::numeric)))
  constraint reviews_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint reviews_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE
  constraint reviews_reviewer_id_fkey FOREIGN KEY (reviewer_id) REFERENCES agents(id)
  constraint reviews_pkey PRIMARY KEY (id)
  constraint reviews_conversation_id_reviewer_id_key UNIQUE (conversation_id, reviewer_id)
)
CREATE INDEX reviews_agent ON public.reviews USING btree (agent_id, finished_at DESC) WHERE (finished_at IS NOT NULL);
CREATE INDEX reviews_coaching ON public.reviews USING btree (id) WHERE (needs_coaching AND (coached_at IS NULL));
CREATE INDEX reviews_reviewer ON public.reviews USING btree (reviewer_id, id DESC);

table roles (
  id bigint not null generated always as identity
  name text not null
  permissions text[] not null -- Names of services/agents/policy.ts.
  built_in boolean not null default false
  created_at timestamp with time zone not null default now()
  requires_second_factor boolean not null default false
  constraint roles_pkey PRIMARY KEY (id)
  constraint roles_name_key UNIQUE (name)
)

table saved_reports (
  id bigint not null generated always as identity
  agent_id bigint not null
  name text not null
  report text not null
  query text not null
  is_shared boolean not null default false
  is_weekly boolean not null default false
  created_at timestamp with time zone not null default now()
  constraint saved_reports_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint saved_reports_query_check CHECK ((length(query) <= 1000))
  constraint saved_reports_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint saved_reports_pkey PRIMARY KEY (id)
  constraint saved_reports_agent_id_name_key UNIQUE (agent_id, name)
)

table scheduled_messages (
  id bigint not null generated always as identity
  conversation_id bigint not null
  agent_id bigint not null
  text text not null
  send_at timestamp with time zone not null
  client_token uuid
  message_id bigint
  error text
  created_at timestamp with time zone not null default now()
  settled_at timestamp with time zone -- When it was sent, given up with its error, or taken back.
  constraint scheduled_messages_text_check CHECK (((length(text) >= 1) AND (length(text) <= 4096)))
  constraint scheduled_messages_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint scheduled_messages_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id) ON DELETE CASCADE
  constraint scheduled_messages_message_id_fkey FOREIGN KEY (message_id) REFERENCES messages(id)
  constraint scheduled_messages_pkey PRIMARY KEY (id)
  constraint scheduled_messages_client_token_key UNIQUE (client_token)
)
CREATE INDEX scheduled_messages_conversation ON public.scheduled_messages USING btree (conversation_id, send_at) WHERE (settled_at IS NULL);
CREATE INDEX scheduled_messages_due ON public.scheduled_messages USING btree (send_at) WHERE (settled_at IS NULL);

table seals (
  id bigint not null generated always as identity
  previous_hash text not null
  first_audit_event_id bigint not null
  last_audit_event_id bigint not null
  audit_events integer not null
  first_message_id bigint not null
  last_message_id bigint not null
  messages integer not null
  hash text not null
  created_at timestamp with time zone not null default now()
  audit_leaves bytea -- Of each row its id (8 bytes) and the beginning of its digest (8 bytes), so that a changed one can be named.
  message_leaves bytea
  mac text -- Keyed with the installation's secret: whoever has only the database cannot seal again what they changed.
  closed boolean not null default false -- Shown to somebody outside: it grows no more.
  constraint seals_pkey PRIMARY KEY (id)
  constraint seals_hash_key UNIQUE (hash)
)
CREATE INDEX seals_audit_events ON public.seals USING btree (last_audit_event_id);
CREATE INDEX seals_messages ON public.seals USING btree (last_message_id);
CREATE TRIGGER seals_append_only BEFORE DELETE OR TRUNCATE ON public.seals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seals_only_grow BEFORE UPDATE ON public.seals FOR EACH ROW EXECUTE FUNCTION refuse_change_but_growth();

table service_windows (
  identity_id bigint not null
  inbox_id bigint not null
  ends_at timestamp with time zone not null
  send_tokens double precision not null default 45
  send_tokens_at timestamp with time zone not null default now()
  constraint service_windows_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES contact_identities(id) ON DELETE CASCADE
  constraint service_windows_inbox_id_fkey FOREIGN KEY (inbox_id) REFERENCES inboxes(id)
  constraint service_windows_pkey PRIMARY KEY (identity_id, inbox_id)
)

table sessions (
  sid text not null
  sess jsonb not null
  expire timestamp with time zone not null
  public_id uuid not null default gen_random_uuid() -- Names a session on a page; its sid is the key to it.
  agent_id bigint generated always as (((sess #>> '{passport,user,id}'::text[]))::bigint) stored
  created_at timestamp with time zone not null default now()
  last_seen_at timestamp with time zone not null default now()
  ended_at timestamp with time zone -- Ended by somebody: a request that is still under way does not bring it back.
  constraint sessions_pkey PRIMARY KEY (sid)
  constraint sessions_public_id_key UNIQUE (public_id)
)
CREATE INDEX sessions_agent ON public.sessions USING btree (agent_id) WHERE (agent_id IS NOT NULL);
CREATE INDEX sessions_expire ON public.sessions USING btree (expire);
CREATE TRIGGER sessions_keep_ended BEFORE UPDATE ON public.sessions FOR EACH ROW EXECUTE FUNCTION keep_ended();

table single_sign_on (
  id boolean not null default true
  name text not null
  issuer text not null
  client_id text not null
  client_secret text not null -- Encrypted with the installation's key.
  groups_claim text not null
  domains text[] not null default '{}'::text[] -- Only addresses of these domains come in; empty: of any.
  default_role_id bigint
  enabled boolean not null
  constraint single_sign_on_check CHECK (((default_role_id IS NULL) OR (domains <> '{}'::text[])))
  constraint single_sign_on_client_id_check CHECK ((client_id <> ''::text))
  constraint single_sign_on_client_secret_check CHECK ((client_secret <> ''::text))
  constraint single_sign_on_groups_claim_check CHECK ((groups_claim <> ''::text))
  constraint single_sign_on_id_check CHECK (id)
  constraint single_sign_on_issuer_check CHECK (((issuer ~~ 'https://_%'::text) OR (issuer ~~ 'http://_%'::text)))
  constraint single_sign_on_name_check CHECK (((length(name) >= 1) AND (length(name) <= 40)))
  constraint single_sign_on_default_role_id_fkey FOREIGN KEY (default_role_id) REFERENCES roles(id) ON DELETE SET NULL
  constraint single_sign_on_pkey PRIMARY KEY (id)
)
CREATE INDEX single_sign_on_role ON public.single_sign_on USING btree (default_role_id);

table sla_clocks (
  id bigint not null generated always as identity
  conversation_id bigint not null
  target text not null
  policy_id bigint not null
  business_hours_id bigint
  calendar_version integer not null
  in_business_time boolean not null
  target_seconds integer -- Null: the policy sets no target; the ladder of waiting runs all the same.
  counted_seconds double precision not null default 0 -- What had counted before it was resumed.
  started_at timestamp with time zone not null
  resumed_at timestamp with time zone -- Since when it counts; null while it is paused and when it has ended.
  due_at timestamp with time zone
  breached_at timestamp with time zone
  met_at timestamp with time zone
  ended_at timestamp with time zone
  cycle integer not null default 0 -- How often somebody moved it: each movement starts the ladder anew.
  alert_at timestamp with time zone
  reassign_at timestamp with time zone
  flag_at timestamp with time zone
  alert_from timestamp with time zone
  reassign_from timestamp with time zone
  next_at timestamp with time zone generated always as (LEAST(
CASE
    WHEN ((breached_at IS NULL) AND (resumed_at IS NOT NULL)) THEN due_at
    ELSE NULL::timestamp with time zone
END, alert_at, reassign_at, flag_at)) stored
  created_at timestamp with time zone not null default now()
  constraint sla_clocks_check CHECK (((met_at IS NULL) OR (ended_at IS NOT NULL)))
  constraint sla_clocks_check1 CHECK (((ended_at IS NOT NULL) OR (business_hours_id IS NOT NULL)))
  constraint sla_clocks_check2 CHECK (((ended_at IS NULL) OR ((resumed_at IS NULL) AND (alert_at IS NULL) AND (reassign_at IS NULL) AND (flag_at IS NULL))))
  constraint sla_clocks_counted_seconds_check CHECK ((counted_seconds >= (0)::double precision))
  constraint sla_clocks_target_check CHECK ((target = ANY (ARRAY['first_response'::text, 'next_response'::text, 'resolution'::text])))
  constraint sla_clocks_target_seconds_check CHECK ((target_seconds > 0))
  constraint sla_clocks_business_hours_id_fkey FOREIGN KEY (business_hours_id) REFERENCES business_hours(id) ON DELETE SET NULL
  constraint sla_clocks_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint sla_clocks_policy_id_fkey FOREIGN KEY (policy_id) REFERENCES sla_policies(id)
  constraint sla_clocks_pkey PRIMARY KEY (id)
)
CREATE INDEX sla_clocks_conversation ON public.sla_clocks USING btree (conversation_id, id);
CREATE INDEX sla_clocks_next ON public.sla_clocks USING btree (next_at) WHERE (next_at IS NOT NULL);
CREATE INDEX sla_clocks_responses ON public.sla_clocks USING btree (met_at) WHERE ((target = 'first_response'::text) AND (met_at IS NOT NULL));
CREATE UNIQUE INDEX sla_clocks_running ON public.sla_clocks USING btree (conversation_id, ((target = 'resolution'::text))) WHERE (ended_at IS NULL);

table sla_policies (
  id bigint not null generated always as identity
  name text not null
  position integer not null default 0
  is_default boolean not null default false
  conditions jsonb not null default '{}'::jsonb
  targets jsonb not null -- By name of the target: {inside, outside} in seconds; outside null: counted from the next opening.
  business_hours_id bigint -- Null: the calendar of the conversation's team, else the firm's.
  archived_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  constraint sla_policies_check CHECK ((NOT (is_default AND (archived_at IS NOT NULL))))
  constraint sla_policies_conditions_check CHECK ((jsonb_typeof(conditions) = 'object'::text))
  constraint sla_policies_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint sla_policies_targets_check CHECK ((jsonb_typeof(targets) = 'object'::text))
  constraint sla_policies_business_hours_id_fkey FOREIGN KEY (business_hours_id) REFERENCES business_hours(id)
  constraint sla_policies_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX sla_policies_name ON public.sla_policies USING btree (plain(name)) WHERE (archived_at IS NULL);
CREATE UNIQUE INDEX sla_policies_one_default ON public.sla_policies USING btree (is_default) WHERE is_default;

table sso_groups (
  position integer not null
  group_name text not null
  role_id bigint not null
  constraint sso_groups_group_name_check CHECK ((group_name <> ''::text))
  constraint sso_groups_role_id_fkey FOREIGN KEY (role_id) REFERENCES roles(id) ON DELETE CASCADE
  constraint sso_groups_pkey PRIMARY KEY ("position")
  constraint sso_groups_group_name_key UNIQUE (group_name)
)
CREATE INDEX sso_groups_role ON public.sso_groups USING btree (role_id);

table surveys (
  id bigint not null generated always as identity
  conversation_id bigint not null
  contact_id bigint not null
  agent_id bigint -- Who resolved it: whom the answer is about.
  kind text not null
  sent_at timestamp with time zone not null default now()
  score integer
  comment text not null default ''::text
  answered_at timestamp with time zone
  comment_until timestamp with time zone -- Until then one message of the contact is the comment.
  constraint surveys_check CHECK (((score IS NULL) = (answered_at IS NULL)))
  constraint surveys_check1 CHECK (((score IS NULL) OR
CASE kind
    WHEN 'confirm'::text THEN ((score >= 0) AND (score <= 1))
    WHEN 'csat'::text THEN ((score >= 1) AND (score <= 5))
    ELSE ((score >= 0) AND (score <= 10))
END))
  constraint surveys_comment_check CHECK ((length(comment) <= 4096))
  constraint surveys_kind_check CHECK ((kind = ANY (ARRAY['confirm'::text, 'csat'::text, 'nps'::text])))
  constraint surveys_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id)
  constraint surveys_contact_id_fkey FOREIGN KEY (contact_id) REFERENCES contacts(id)
  constraint surveys_conversation_id_fkey FOREIGN KEY (conversation_id) REFERENCES conversations(id)
  constraint surveys_pkey PRIMARY KEY (id)
)
CREATE INDEX surveys_answered ON public.surveys USING btree (answered_at) WHERE (answered_at IS NOT NULL);
CREATE INDEX surveys_comments ON public.surveys USING btree (answered_at DESC, id DESC) WHERE ((comment <> ''::text) AND (score IS NOT NULL) AND (kind <> 'confirm'::text));
CREATE INDEX surveys_contact ON public.surveys USING btree (contact_id, id);
CREATE INDEX surveys_conversation ON public.surveys USING btree (conversation_id, id);
CREATE UNIQUE INDEX surveys_one ON public.surveys USING btree (conversation_id) WHERE (kind <> 'confirm'::text);
CREATE INDEX surveys_story ON public.surveys USING btree (contact_id, answered_at DESC, id DESC) WHERE (answered_at IS NOT NULL);

table tags (
  id bigint not null generated always as identity
  name text not null
  created_at timestamp with time zone not null default now()
  colour text not null default 'none'::text
  constraint tags_colour_check CHECK ((colour = ANY (ARRAY['none'::text, 'red'::text, 'orange'::text, 'yellow'::text, 'green'::text, 'teal'::text, 'blue'::text, 'violet'::text, 'pink'::text])))
  constraint tags_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60)))
  constraint tags_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX tags_name ON public.tags USING btree (plain(name));

table team_members (
  team_id bigint not null
  agent_id bigint not null
  constraint team_members_agent_id_fkey FOREIGN KEY (agent_id) REFERENCES agents(id) ON DELETE CASCADE
  constraint team_members_team_id_fkey FOREIGN KEY (team_id) REFERENCES teams(id) ON DELETE CASCADE
  constraint team_members_pkey PRIMARY KEY (team_id, agent_id)
)
CREATE INDEX team_members_agent ON public.team_members USING btree (agent_id);

table teams (
  id bigint not null generated always as identity
  name text not null
  created_at timestamp with time zone not null default now()
  business_hours_id bigint
  strategy text not null default 'least_loaded'::text
  archived_at timestamp with time zone
  constraint teams_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint teams_strategy_check CHECK ((strategy = ANY (ARRAY['least_loaded'::text, 'round_robin'::text, 'longest_idle'::text, 'manual'::text])))
  constraint teams_business_hours_id_fkey FOREIGN KEY (business_hours_id) REFERENCES business_hours(id)
  constraint teams_pkey PRIMARY KEY (id)
  constraint teams_name_key UNIQUE (name)
)

table topics (
  id bigint not null generated always as identity
  name text not null
  steps text[] not null default '{}'::text[] -- What a case of this topic usually needs, in order: copied into each new case.
  archived_at timestamp with time zone
  created_at timestamp with time zone not null default now()
  constraint topics_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80)))
  constraint topics_steps_check CHECK ((cardinality(steps) <= 20))
  constraint topics_pkey PRIMARY KEY (id)
)
CREATE UNIQUE INDEX topics_name ON public.topics USING btree (plain(name));

table viewers (
  stream_id uuid not null
  conversation_id bigint not null
  agent_id bigint not null
  typing_until timestamp with time zone
  seen_at timestamp with time zone not null
  constraint viewers_pkey PRIMARY KEY (stream_id)
)
CREATE INDEX viewers_conversation ON public.viewers USING btree (conversation_id);

CREATE OR REPLACE FUNCTION public.csv_cell(value text, delimiter text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
begin
  if value is null then return ''; end if;
  -- What would be taken for a formula gets an apostrophe before it; a plain number is none.
  if value ~ '^\s*[=+\-@\t\r|%]' and value !~ '^[+-]{0,1}\d[\d\s.,]*$' then value := '''' || value; end if;
  if strpos(value, delimiter) > 0 or value ~ '["\r\n]' then return '"' || replace(value, '"', '""') || '"'; end if;
  return value;
end $function$

CREATE OR REPLACE FUNCTION public.keep_ended()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.ended_at is not null then return null; end if;
  return new;
end $function$

CREATE OR REPLACE FUNCTION public.masked_phone(phone text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN (COALESCE(phone, ''::text) = ''::text) THEN phone ELSE ('••• '::text || "right"(phone, 4)) END

CREATE OR REPLACE FUNCTION public.plain(text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$ select lower(public.unaccent('public.unaccent'::regdictionary, $1)) $function$

CREATE OR REPLACE FUNCTION public.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $function$

CREATE OR REPLACE FUNCTION public.refuse_change_but_erasure()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if old.erased_digest is null and new.erased_digest is not null and new.data = '{}'
    and (to_jsonb(new) - 'data' - 'erased_digest') = (to_jsonb(old) - 'data' - 'erased_digest') then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $function$

CREATE OR REPLACE FUNCTION public.refuse_change_but_growth()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.id = old.id and new.previous_hash = old.previous_hash and new.created_at = old.created_at and not old.closed
    and new.first_audit_event_id = old.first_audit_event_id and new.first_message_id = old.first_message_id
    and new.last_audit_event_id >= old.last_audit_event_id and new.last_message_id >= old.last_message_id
    and not exists (select 1 from seals s where s.id > old.id) then
    return new;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $function$
