-- The books: 100 accounts, a001 to a100, with 10,000 in each; and every transfer between them, once.
--
-- Of a table that fits on a page or two PostgreSQL reads the whole rather than the index, and a serializable transaction is in
-- conflict with whoever changes anything that it has read. So rows have room around them, which changed rows want anyway.
create table account (
  id text primary key,
  balance bigint not null check (balance >= 0),
  room char(16) not null default ''
) with (fillfactor = 10);

create table transfer (
  id text primary key,
  payer text not null,
  payee text not null,
  amount bigint not null check (amount > 0),
  at_ms bigint not null
);

insert into account (id, balance) select 'a' || lpad(n::text, 3, '0'), 10000 from generate_series(1, 100) as n;
