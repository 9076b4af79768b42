%% Erlang's side of the messaging suite. What each trial is, messaging.ts says.
-module(messaging).
-export([main/0]).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2]).

-define(BATCH, 1024).
-define(HOPS, 10000).
-define(ASKS, 1000).

main() ->
    Counter = spawn_link(fun() -> counter(0) end),
    Left = spawn_link(fun player/0),
    Right = spawn_link(fun player/0),
    {ok, Server} = gen_server:start_link(?MODULE, [], []),
    contender:answer_measures(#{
        "tell" => fun(Seconds) -> contender:ns_per_operation(Seconds, fun() -> tell(Counter) end) end,
        "ping-pong" => fun(Seconds) -> contender:ns_per_operation(Seconds, fun() -> play(Left, Right) end) end,
        "ask" => fun(Seconds) -> contender:ns_per_operation(Seconds, fun() -> ask(Server, ?ASKS) end) end
    }).

%% The last message of a batch asks for the count, so that the batch is known to be worked off.
tell(Counter) ->
    send(Counter, ?BATCH),
    Counter ! {count, self()},
    receive {counted, _} -> ?BATCH end.

send(_, 0) -> ok;
send(Counter, N) ->
    Counter ! {add, N},
    send(Counter, N - 1).

counter(Sum) ->
    receive
        {add, N} -> counter(Sum + N);
        {count, From} -> From ! {counted, Sum}, counter(Sum)
    end.

play(Left, Right) ->
    Left ! {ball, ?HOPS, Right, self()},
    receive done -> ?HOPS end.

player() ->
    receive
        {ball, 1, _, Owner} -> Owner ! done;
        {ball, N, Other, Owner} -> Other ! {ball, N - 1, self(), Owner}
    end,
    player().

%% gen_server:call, since a bare send and receive would wait for ever for a server that has died.
ask(_, 0) -> ?ASKS;
ask(Server, N) ->
    _ = gen_server:call(Server, {add, N}),
    ask(Server, N - 1).

init([]) -> {ok, 0}.
handle_call({add, N}, _From, Sum) -> {reply, Sum + N, Sum + N}.
handle_cast(_, Sum) -> {noreply, Sum}.
