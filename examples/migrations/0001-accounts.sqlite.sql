-- The books: 100 accounts, a001 to a100, with 10,000 in each; and every transfer between them, once.
create table account (
  id text primary key,
  balance integer not null check (balance >= 0)
) strict, without rowid;

create table transfer (
  id text primary key,
  payer text not null,
  payee text not null,
  amount integer not null check (amount > 0),
  at_ms integer not null
) strict, without rowid;

with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < 100)
insert into account (id, balance) select printf('a%03d', n), 10000 from numbers;
