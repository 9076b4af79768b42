%% Erlang's side of the spawn suite. What each trial is, spawn.ts says.
-module(spawning).
-export([main/0]).

-define(BATCH, 100).
-define(IDLE, 100000).

main() ->
    contender:answer_measures(#{
        "spawn-message-stop" => fun(Seconds) -> contender:ns_per_operation(Seconds, fun cycle/0) end,
        "bytes per idle actor" => fun(_) -> bytes_per_actor() end
    }).

%% Signals between two processes keep their order, so that the message is handled before the stop without waiting.
cycle() ->
    Pids = spawn_all(?BATCH),
    [Pid ! {add, 1} || Pid <- Pids],
    [Pid ! {stop, self()} || Pid <- Pids],
    await(stopped, ?BATCH),
    ?BATCH.

%% Memory of the whole virtual machine, so that nothing that an actor needs is forgotten.
bytes_per_actor() ->
    Before = bytes_held(),
    Pids = spawn_all(?IDLE),
    [Pid ! {report, 1, self()} || Pid <- Pids],
    await(handled, ?IDLE),
    After = bytes_held(),
    %% The bench's own list, two words an element, is not the actors' weight.
    List = 2 * 8 * length(Pids),
    (After - Before - List) / ?IDLE.

bytes_held() ->
    erlang:garbage_collect(),
    erlang:memory(total).

spawn_all(Count) -> [spawn(fun() -> adder(0) end) || _ <- lists:seq(1, Count)].

adder(Sum) ->
    receive
        {add, N} -> adder(Sum + N);
        {report, N, Owner} -> Owner ! handled, adder(Sum + N);
        {stop, Owner} -> Owner ! stopped
    end.

await(_, 0) -> ok;
await(What, Count) -> receive What -> await(What, Count - 1) end.
