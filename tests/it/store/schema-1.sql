-- A database as the first release with a store has written it, for the test of upgrades. Never changed.
PRAGMA journal_mode = WAL;
CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL, applied_ms INTEGER NOT NULL);
INSERT INTO schema_migrations VALUES (1, '581e917376ac0a0cc75e8fcc90e692d6976eb5df02327da1a1d5dbb82409fbf7', 1796000000000);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL,
    external_id TEXT,
    metadata TEXT NOT NULL,
    options BLOB NOT NULL,
    token_gen INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    last_active_ms INTEGER NOT NULL,
    usage TEXT NOT NULL,
    status TEXT,
    reason TEXT,
    ended_ms INTEGER,
    node INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX sessions_live ON sessions (id) WHERE ended_ms IS NULL;
CREATE INDEX sessions_of_client ON sessions (client, id);
CREATE INDEX sessions_ended ON sessions (ended_ms) WHERE ended_ms IS NOT NULL;

CREATE TABLE tabs (
    client TEXT NOT NULL,
    session TEXT NOT NULL,
    tab INTEGER NOT NULL,
    state BLOB NOT NULL,
    logged_out INTEGER NOT NULL,
    opener INTEGER,
    created_ms INTEGER NOT NULL,
    last_used_ms INTEGER NOT NULL,
    activated INTEGER NOT NULL,
    PRIMARY KEY (client, session, tab)
);

CREATE TABLE tab_numbers (
    client TEXT PRIMARY KEY,
    last INTEGER NOT NULL
);

CREATE TABLE idempotency_keys (
    client TEXT NOT NULL,
    session TEXT NOT NULL,
    name TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    kind TEXT NOT NULL,
    made TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (client, session, name)
);
CREATE INDEX idempotency_keys_due ON idempotency_keys (expires_ms);

CREATE TABLE history (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    client TEXT NOT NULL,
    session TEXT NOT NULL,
    tab INTEGER,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    took_us INTEGER,
    bytes INTEGER,
    detail TEXT
);
CREATE INDEX history_of_session ON history (client, session, seq);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    client TEXT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    outcome TEXT NOT NULL,
    peer TEXT,
    detail TEXT,
    chain BLOB NOT NULL
);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL,
    secret_sha256 BLOB NOT NULL,
    scopes TEXT NOT NULL,
    limits TEXT,
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER,
    last_used_day INTEGER,
    revoked_ms INTEGER
);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL,
    status TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    until_ms INTEGER,
    state BLOB NOT NULL
);

CREATE TABLE deliveries (
    id TEXT PRIMARY KEY,
    client TEXT NOT NULL,
    event TEXT NOT NULL,
    message BLOB NOT NULL,
    attempts INTEGER NOT NULL,
    next_ms INTEGER NOT NULL,
    give_up_ms INTEGER NOT NULL
);
CREATE INDEX deliveries_due ON deliveries (next_ms);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
);

CREATE TABLE versions (
    name TEXT PRIMARY KEY,
    version INTEGER NOT NULL
);
INSERT INTO versions (name, version) VALUES ('api_keys', 0);
INSERT INTO sessions VALUES ('0198f000-0000-8000-8000-000000000001', 'a', 'order 7', '{"team":"red"}', x'010203', 2, 1796000000000, 1796003600000, 1796000100000, '{"pages":3,"requests":9,"cdpMessages":0,"egressBytes":1024,"blockedRequests":0}', NULL, NULL, NULL, 0);
INSERT INTO sessions VALUES ('0198e000-0000-8000-8000-000000000000', 'a', NULL, '{}', x'00', 1, 1795000000000, 1795003600000, 1795000100000, '{}', 'completed', 'expired', 1795003600000, 0);
INSERT INTO tabs VALUES ('a', '0198f000-0000-8000-8000-000000000001', 1, x'AA', 0, NULL, 1796000000000, 1796000000000, 1);
INSERT INTO tabs VALUES ('a', '0198f000-0000-8000-8000-000000000001', 2, x'BB', 1, 1, 1796000000000, 1796000100000, 2);
INSERT INTO tab_numbers VALUES ('a', 7);
INSERT INTO idempotency_keys VALUES ('a', '0198f000-0000-8000-8000-000000000001', 'k1', x'CC', 'tab', '2', 1796086400000);
INSERT INTO history VALUES (1, 'a', '0198f000-0000-8000-8000-000000000001', 1, 1796000000000, 'navigate', 'ok', 120000, NULL, '{"origin":"https://a.test"}');
INSERT INTO history VALUES (2, 'a', '0198f000-0000-8000-8000-000000000001', 1, 1796000100000, 'click', 'TIMEOUT', 5000000, NULL, NULL);
INSERT INTO audit VALUES (1, 1796000000000, 'a', 'a', 'session.create', 'session/0198f000-0000-8000-8000-000000000001', 'ok', '127.0.0.1', NULL, x'DD');
INSERT INTO api_keys VALUES ('abcd1234', 'a', x'EE', 'rest', NULL, 1796000000000, NULL, 20787, NULL);
INSERT INTO jobs VALUES ('j1', 'a', 'running', 1796000000000, NULL, x'01');
INSERT INTO deliveries VALUES ('d1', 'a', 'session.ended', x'02', 1, 1796000000000, 1796086400000);
INSERT INTO settings VALUES ('stopped', x'01');
