-- Everything an arena keeps. Times are UTC milliseconds; closed lists are CHECKs; constraints, not programs, hold what must be true.

-- Who votes, what is shown, what is asked, who can answer.
CREATE TABLE voters (
  id text NOT NULL,
  kind text NOT NULL,
  consent_version text,
  consent_publish integer,
  consent_at integer,
  recovery_sha256 text,
  created_at integer NOT NULL,
  CONSTRAINT voters_pk PRIMARY KEY (id),
  CONSTRAINT voters_kind_known CHECK (kind in ('anon', 'user', 'annotator')),
  CONSTRAINT voters_consent_whole CHECK ((consent_version is null) = (consent_at is null) and (consent_version is null) = (consent_publish is null))
) STRICT;

CREATE UNIQUE INDEX voters_recovery_unique ON voters (recovery_sha256);

CREATE TABLE images (
  sha256 text NOT NULL,
  media_type text NOT NULL,
  width integer NOT NULL,
  height integer NOT NULL,
  bytes integer NOT NULL,
  phash text NOT NULL,
  facts text NOT NULL,
  state text NOT NULL,
  is_public integer NOT NULL,
  stored_at integer NOT NULL,
  CONSTRAINT images_pk PRIMARY KEY (sha256),
  CONSTRAINT images_media_type_known CHECK (media_type in ('image/jpeg', 'image/png')),
  CONSTRAINT images_state_known CHECK (state in ('served', 'quarantined')),
  CONSTRAINT images_has_size CHECK (width > 0 and height > 0 and bytes > 0)
) STRICT;

CREATE TABLE uploads (
  voter_id text NOT NULL,
  image text NOT NULL,
  uploaded_at integer NOT NULL,
  CONSTRAINT uploads_pk PRIMARY KEY (image, voter_id),
  CONSTRAINT uploads_voter_fk FOREIGN KEY (voter_id) REFERENCES voters (id),
  CONSTRAINT uploads_image_fk FOREIGN KEY (image) REFERENCES images (sha256)
) STRICT;

CREATE INDEX uploads_by_voter ON uploads (voter_id);

CREATE TABLE prompt_sets (
  id text NOT NULL,
  title text NOT NULL,
  license text NOT NULL,
  CONSTRAINT prompt_sets_pk PRIMARY KEY (id)
) STRICT;

CREATE TABLE prompts (
  id text NOT NULL,
  set_id text NOT NULL,
  position integer,
  title text NOT NULL,
  text text NOT NULL,
  reference text,
  image text NOT NULL,
  tags text NOT NULL,
  needs_image integer NOT NULL,
  CONSTRAINT prompts_pk PRIMARY KEY (id),
  CONSTRAINT prompts_set_fk FOREIGN KEY (set_id) REFERENCES prompt_sets (id),
  CONSTRAINT prompts_image_fk FOREIGN KEY (image) REFERENCES images (sha256)
) STRICT;

CREATE INDEX prompts_by_image ON prompts (image);
CREATE UNIQUE INDEX prompts_set_position_unique ON prompts (set_id, position);

CREATE TABLE models (
  id text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  model text NOT NULL,
  version text NOT NULL,
  card text NOT NULL,
  is_baseline integer NOT NULL,
  is_replay integer NOT NULL,
  state text NOT NULL,
  weight real NOT NULL,
  concurrency integer NOT NULL,
  grounding text NOT NULL,
  resize text,
  images_max integer NOT NULL,
  sampling text,
  export_outputs integer NOT NULL,
  aliases text NOT NULL,
  settings text NOT NULL,
  registered_at integer NOT NULL,
  CONSTRAINT models_pk PRIMARY KEY (id),
  CONSTRAINT models_kind_known CHECK (kind in ('openai', 'openai-responses', 'openai-compatible', 'anthropic', 'google', 'mistral', 'ollama', 'replay', 'command', 'builtin')),
  CONSTRAINT models_state_known CHECK (state in ('active', 'unsampled', 'retired')),
  CONSTRAINT models_weight_not_negative CHECK (weight >= 0)
) STRICT;

CREATE TABLE model_versions (
  model_id text NOT NULL,
  version text NOT NULL,
  settings text NOT NULL,
  seen_at integer NOT NULL,
  CONSTRAINT model_versions_pk PRIMARY KEY (model_id, version),
  CONSTRAINT model_versions_model_fk FOREIGN KEY (model_id) REFERENCES models (id)
) STRICT;

-- One battle, its turns, and what both sides said.
CREATE TABLE battles (
  id text NOT NULL,
  voter_id text NOT NULL,
  form_key text NOT NULL,
  state text NOT NULL,
  void_reason text,
  mode text NOT NULL,
  started_mode text NOT NULL,
  pacing text NOT NULL,
  origin text NOT NULL DEFAULT 'arena',
  model_a text NOT NULL,
  version_a text NOT NULL,
  model_b text NOT NULL,
  version_b text NOT NULL,
  pair_probability real NOT NULL,
  policy_hash text NOT NULL,
  consent_version text NOT NULL,
  consent_publish integer NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  stopped_by_voter integer NOT NULL DEFAULT 0,
  replaced_side text,
  started_at integer NOT NULL,
  ready_at integer,
  revealed_at integer,
  moved_at integer NOT NULL,
  eligible text NOT NULL,
  CONSTRAINT battles_pk PRIMARY KEY (id),
  CONSTRAINT battles_voter_fk FOREIGN KEY (voter_id) REFERENCES voters (id),
  CONSTRAINT battles_model_a_fk FOREIGN KEY (model_a, version_a) REFERENCES model_versions (model_id, version),
  CONSTRAINT battles_model_b_fk FOREIGN KEY (model_b, version_b) REFERENCES model_versions (model_id, version),
  CONSTRAINT battles_state_known CHECK (state in ('queued', 'writing', 'ready', 'voted', 'revealed', 'void', 'erased')),
  CONSTRAINT battles_void_reason_known CHECK (void_reason in ('queue_timeout', 'cancelled', 'side_failed', 'interrupted', 'expired', 'skipped')),
  CONSTRAINT battles_void_has_reason CHECK ((state = 'void') = (void_reason is not null)),
  CONSTRAINT battles_mode_known CHECK (mode in ('anonymous', 'revealed', 'named', 'ablation')),
  CONSTRAINT battles_started_mode_known CHECK (started_mode in ('anonymous', 'revealed', 'named', 'ablation')),
  CONSTRAINT battles_pacing_known CHECK (pacing in ('paced', 'together', 'live')),
  CONSTRAINT battles_origin_known CHECK (origin in ('arena', 'demo', 'import')),
  CONSTRAINT battles_replaced_side_known CHECK (replaced_side in ('a', 'b')),
  CONSTRAINT battles_revealed_has_time CHECK (state <> 'revealed' or revealed_at is not null),
  CONSTRAINT battles_two_contestants CHECK (model_a <> model_b or started_mode = 'ablation'),
  CONSTRAINT battles_probability CHECK (pair_probability > 0 and pair_probability <= 1)
) STRICT;

CREATE INDEX battles_by_voter ON battles (voter_id, started_at, id);
CREATE INDEX battles_by_state ON battles (state, ready_at);
CREATE INDEX battles_by_pair ON battles (started_mode, model_a, model_b);
CREATE UNIQUE INDEX battles_form_key_unique ON battles (form_key);

CREATE TABLE turns (
  battle_id text NOT NULL,
  number integer NOT NULL,
  prompt_sha256 text NOT NULL,
  language text NOT NULL,
  categories text NOT NULL,
  flags text NOT NULL,
  prompt_id text,
  input_method text NOT NULL,
  asked_at integer NOT NULL,
  ready_at integer,
  prompt_text text NOT NULL,
  CONSTRAINT turns_pk PRIMARY KEY (battle_id, number),
  CONSTRAINT turns_battle_fk FOREIGN KEY (battle_id) REFERENCES battles (id),
  CONSTRAINT turns_number_positive CHECK (number > 0),
  CONSTRAINT turns_input_method_known CHECK (input_method in ('typed', 'spoken', 'chosen'))
) STRICT;

CREATE INDEX turns_by_prompt ON turns (prompt_sha256, battle_id, number);

CREATE TABLE turn_images (
  battle_id text NOT NULL,
  turn integer NOT NULL,
  position integer NOT NULL,
  image text NOT NULL,
  CONSTRAINT turn_images_pk PRIMARY KEY (battle_id, turn, position),
  CONSTRAINT turn_images_turn_fk FOREIGN KEY (battle_id, turn) REFERENCES turns (battle_id, number),
  CONSTRAINT turn_images_image_fk FOREIGN KEY (image) REFERENCES images (sha256)
) STRICT;

CREATE INDEX turn_images_by_image ON turn_images (image, battle_id);

CREATE TABLE answers (
  battle_id text NOT NULL,
  turn integer NOT NULL,
  side text NOT NULL,
  model_id text NOT NULL,
  version text NOT NULL,
  state text NOT NULL,
  finish text,
  reason text,
  ref text,
  named_itself integer NOT NULL DEFAULT 0,
  characters integer NOT NULL DEFAULT 0,
  headers integer NOT NULL DEFAULT 0,
  lists integer NOT NULL DEFAULT 0,
  bold integer NOT NULL DEFAULT 0,
  ended_at integer,
  detail text,
  text text NOT NULL DEFAULT '',
  chips text NOT NULL DEFAULT '[]',
  marks text NOT NULL DEFAULT '[]',
  raw text,
  receipt text,
  CONSTRAINT answers_pk PRIMARY KEY (battle_id, turn, side),
  CONSTRAINT answers_turn_fk FOREIGN KEY (battle_id, turn) REFERENCES turns (battle_id, number),
  CONSTRAINT answers_model_fk FOREIGN KEY (model_id, version) REFERENCES model_versions (model_id, version),
  CONSTRAINT answers_side_known CHECK (side in ('a', 'b')),
  CONSTRAINT answers_state_known CHECK (state in ('writing', 'stopped', 'finished', 'failed')),
  CONSTRAINT answers_finish_known CHECK (finish in ('complete', 'cut', 'declined')),
  CONSTRAINT answers_reason_known CHECK (reason in ('timed_out', 'rate_limited', 'refused', 'unreachable', 'broken', 'interrupted')),
  CONSTRAINT answers_finished_has_finish CHECK ((state = 'finished') = (finish is not null)),
  CONSTRAINT answers_failed_has_reason CHECK ((state = 'failed') = (reason is not null)),
  CONSTRAINT answers_failed_has_ref CHECK ((state = 'failed') = (ref is not null))
) STRICT;

CREATE INDEX answers_markup ON answers (battle_id, turn, side, finish, characters, headers, lists, bold);
CREATE INDEX answers_by_model ON answers (model_id, state, ended_at);

CREATE TABLE failed_answers (
  seq integer NOT NULL CONSTRAINT failed_answers_pk PRIMARY KEY AUTOINCREMENT,
  battle_id text NOT NULL,
  turn integer NOT NULL,
  side text NOT NULL,
  model_id text NOT NULL,
  version text NOT NULL,
  reason text NOT NULL,
  ref text NOT NULL,
  detail text,
  failed_at integer NOT NULL,
  CONSTRAINT failed_answers_answer_fk FOREIGN KEY (battle_id, turn, side) REFERENCES answers (battle_id, turn, side),
  CONSTRAINT failed_answers_side_known CHECK (side in ('a', 'b')),
  CONSTRAINT failed_answers_reason_known CHECK (reason in ('timed_out', 'rate_limited', 'refused', 'unreachable', 'broken', 'interrupted'))
) STRICT;

CREATE INDEX failed_answers_by_model ON failed_answers (model_id);
CREATE INDEX failed_answers_by_answer ON failed_answers (battle_id, turn, side);

-- Public links. A removed one stays known, so that it can say that it was removed.
CREATE TABLE shares (
  slug text NOT NULL,
  battle_id text NOT NULL,
  with_image integer NOT NULL,
  shared_at integer NOT NULL,
  removed_at integer,
  CONSTRAINT shares_pk PRIMARY KEY (slug),
  CONSTRAINT shares_battle_fk FOREIGN KEY (battle_id) REFERENCES battles (id)
) STRICT;

CREATE INDEX shares_by_battle ON shares (battle_id, removed_at, with_image);

-- Votes, everything that ever happened to them, and the boards made of them.
CREATE TABLE votes (
  seq integer NOT NULL CONSTRAINT votes_pk PRIMARY KEY AUTOINCREMENT,
  id text NOT NULL,
  battle_id text NOT NULL,
  turn integer NOT NULL,
  voter_id text NOT NULL,
  outcome text NOT NULL,
  status text NOT NULL,
  exclusion text,
  revision integer NOT NULL,
  dwell_ms integer,
  idempotency_key text,
  cast_at integer NOT NULL,
  frozen_at integer,
  withdrawn_at integer,
  reasons text NOT NULL,
  note text,
  CONSTRAINT votes_turn_fk FOREIGN KEY (battle_id, turn) REFERENCES turns (battle_id, number),
  CONSTRAINT votes_voter_fk FOREIGN KEY (voter_id) REFERENCES voters (id),
  CONSTRAINT votes_outcome_known CHECK (outcome in ('a', 'b', 'tie', 'both_bad')),
  CONSTRAINT votes_status_known CHECK (status in ('open', 'counted', 'held', 'uncounted', 'quarantined', 'withdrawn')),
  CONSTRAINT votes_exclusion_known CHECK (exclusion in ('leaked_identity', 'identity_probe', 'truncated', 'stopped_by_voter', 'named_mode', 'replaced_side', 'over_daily_limit', 'repeat_prompt', 'duplicate_excess', 'operator_excluded')),
  CONSTRAINT votes_counted_not_excluded CHECK (status <> 'counted' or exclusion is null),
  CONSTRAINT votes_uncounted_has_reason CHECK (status <> 'uncounted' or exclusion is not null),
  CONSTRAINT votes_withdrawn_has_time CHECK ((status = 'withdrawn') = (withdrawn_at is not null)),
  CONSTRAINT votes_revision_positive CHECK (revision > 0)
) STRICT;

CREATE INDEX votes_by_voter ON votes (voter_id, cast_at, battle_id, status, exclusion);
CREATE INDEX votes_by_status ON votes (status, cast_at);
CREATE UNIQUE INDEX votes_id_unique ON votes (id);
CREATE UNIQUE INDEX votes_battle_turn_unique ON votes (battle_id, turn);
CREATE UNIQUE INDEX votes_idempotency_key_unique ON votes (idempotency_key);

CREATE TABLE vote_revisions (
  seq integer NOT NULL CONSTRAINT vote_revisions_pk PRIMARY KEY AUTOINCREMENT,
  vote_id text NOT NULL,
  revision integer NOT NULL,
  outcome text NOT NULL,
  dwell_ms integer,
  idempotency_key text,
  cast_at integer NOT NULL,
  reasons text NOT NULL,
  note text,
  CONSTRAINT vote_revisions_vote_fk FOREIGN KEY (vote_id) REFERENCES votes (id),
  CONSTRAINT vote_revisions_outcome_known CHECK (outcome in ('a', 'b', 'tie', 'both_bad')),
  CONSTRAINT vote_revisions_revision_positive CHECK (revision > 0)
) STRICT;

CREATE UNIQUE INDEX vote_revisions_vote_revision_unique ON vote_revisions (vote_id, revision);
CREATE UNIQUE INDEX vote_revisions_idempotency_key_unique ON vote_revisions (idempotency_key);

CREATE TABLE vote_changes (
  seq integer NOT NULL CONSTRAINT vote_changes_pk PRIMARY KEY AUTOINCREMENT,
  vote_id text NOT NULL,
  was_counted text,
  is_counted text,
  changed_at integer NOT NULL,
  CONSTRAINT vote_changes_vote_fk FOREIGN KEY (vote_id) REFERENCES votes (id),
  CONSTRAINT vote_changes_was_known CHECK (was_counted in ('a', 'b', 'tie', 'both_bad')),
  CONSTRAINT vote_changes_is_known CHECK (is_counted in ('a', 'b', 'tie', 'both_bad')),
  CONSTRAINT vote_changes_differ CHECK (coalesce(was_counted, '') <> coalesce(is_counted, ''))
) STRICT;

CREATE INDEX vote_changes_by_vote ON vote_changes (vote_id);

CREATE TABLE leaderboards (
  key text NOT NULL,
  day integer NOT NULL,
  change integer NOT NULL,
  snapshot text NOT NULL,
  updated_at integer NOT NULL,
  board text NOT NULL,
  CONSTRAINT leaderboards_pk PRIMARY KEY (key, day)
) STRICT;

CREATE TABLE settings (
  key text NOT NULL,
  value text NOT NULL,
  changed_at integer NOT NULL,
  CONSTRAINT settings_pk PRIMARY KEY (key)
) STRICT;

CREATE TABLE tombstones (
  battle_id text NOT NULL,
  erased_at integer NOT NULL,
  CONSTRAINT tombstones_pk PRIMARY KEY (battle_id),
  CONSTRAINT tombstones_battle_fk FOREIGN KEY (battle_id) REFERENCES battles (id)
) STRICT;

-- Frozen selections of votes that exports are written from.
CREATE TABLE export_snapshots (
  id text NOT NULL,
  dataset text NOT NULL,
  state text NOT NULL,
  presets text NOT NULL,
  options text NOT NULL,
  seed integer NOT NULL,
  schema_version integer NOT NULL,
  code_version text NOT NULL,
  watermark integer NOT NULL,
  parent text,
  frozen_at integer NOT NULL,
  ended_at integer,
  summary text,
  CONSTRAINT export_snapshots_pk PRIMARY KEY (id),
  CONSTRAINT export_snapshots_parent_fk FOREIGN KEY (parent) REFERENCES export_snapshots (id),
  CONSTRAINT export_snapshots_state_known CHECK (state in ('writing', 'written', 'failed', 'cancelled', 'expired'))
) STRICT;

CREATE INDEX export_snapshots_by_time ON export_snapshots (dataset, frozen_at);

CREATE TABLE export_items (
  snapshot_id text NOT NULL,
  preset text NOT NULL,
  ord integer NOT NULL,
  vote_id text NOT NULL,
  side text,
  split text NOT NULL,
  row_digest text NOT NULL,
  CONSTRAINT export_items_pk PRIMARY KEY (snapshot_id, preset, ord),
  CONSTRAINT export_items_snapshot_fk FOREIGN KEY (snapshot_id) REFERENCES export_snapshots (id),
  CONSTRAINT export_items_vote_fk FOREIGN KEY (vote_id) REFERENCES votes (id),
  CONSTRAINT export_items_side_known CHECK (side in ('a', 'b')),
  CONSTRAINT export_items_split_known CHECK (split in ('train', 'test'))
) STRICT;

CREATE INDEX export_items_by_vote ON export_items (vote_id);

CREATE TABLE export_shards (
  snapshot_id text NOT NULL,
  path text NOT NULL,
  preset text NOT NULL,
  split text NOT NULL,
  number integer NOT NULL,
  sha256 text NOT NULL,
  bytes integer NOT NULL,
  rows integer NOT NULL,
  row_groups integer NOT NULL,
  first_id text,
  last_id text,
  committed_at integer NOT NULL,
  CONSTRAINT export_shards_pk PRIMARY KEY (snapshot_id, path),
  CONSTRAINT export_shards_snapshot_fk FOREIGN KEY (snapshot_id) REFERENCES export_snapshots (id),
  CONSTRAINT export_shards_split_known CHECK (split in ('train', 'test')),
  CONSTRAINT export_shards_counts CHECK (number >= 0 and bytes >= 0 and rows >= 0)
) STRICT;

CREATE UNIQUE INDEX export_shards_number_unique ON export_shards (snapshot_id, preset, split, number);

CREATE TABLE export_keys (
  dataset text NOT NULL,
  key text NOT NULL,
  component text NOT NULL,
  split text NOT NULL,
  CONSTRAINT export_keys_pk PRIMARY KEY (dataset, key),
  CONSTRAINT export_keys_split_known CHECK (split in ('train', 'test'))
) STRICT;
