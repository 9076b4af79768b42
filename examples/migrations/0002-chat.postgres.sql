-- The chat: what was said in each room, in its order. Places are dense: `last` is the newest one, and how many there are.
create table room (
  name text primary key,
  last bigint not null
);

create table message (
  room text not null,
  seq bigint not null,
  id text not null,
  nick text not null,
  body text not null,
  at_ms bigint not null,
  primary key (room, seq),
  unique (room, id)
);
