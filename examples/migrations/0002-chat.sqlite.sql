-- The chat: what was said in each room, in its order. Places are dense: `last` is the newest one, and how many there are.
create table room (
  name text primary key,
  last integer not null
) strict, without rowid;

create table message (
  room text not null,
  seq integer not null,
  id text not null,
  nick text not null,
  body text not null,
  at_ms integer not null,
  primary key (room, seq),
  unique (room, id)
) strict, without rowid;
