%% Erlang's side of the supervision suite. What each trial is, supervision.ts says.
-module(supervising).
-behaviour(supervisor).
-export([main/0, init/1, start_worker/1, worker_init/1, weigh/0]).

-define(WORKERS, 100).
-define(GROUPS, 10).
-define(GROUP_SIZE, 10).
-define(BRANCHES, 100).
-define(LEAVES, 1000).
-define(IDLE, 1000000).
-define(IDLE_BATCH, 10000).
-define(FLOOD, 1000000).

main() ->
    logger:set_primary_config(level, none),
    %% The end of a supervisor comes as a message.
    process_flag(trap_exit, true),
    contender:answer_measures(maps:merge(fairness_measures(), #{
        "restarts" => fun(Seconds) ->
            ns_per_restart(Seconds, fun start_crew/0, fun(Workers) -> restart_each(crash, Workers) end)
        end,
        "restarts untraced" => fun(Seconds) ->
            ns_per_restart(Seconds, fun start_crew/0, fun(Workers) -> restart_each(crash_untraced, Workers) end)
        end,
        "restarts of all" => fun(Seconds) -> ns_per_restart(Seconds, fun start_groups/0, fun restart_groups/1) end,
        "stop 100,000" => fun(_) -> stop_ms(fun start_tree/0) end,
        "stop 100,000 flat" => fun(_) -> stop_ms(fun start_flat/0) end,
        "MB for a million" => fun(_) -> element(1, weigh_afresh()) end,
        "MB of heap for a million" => fun(_) -> element(2, weigh_afresh()) end
    })).

%% Supervisors and workers

%% As many restarts as there may be, within the shortest period.
init({Strategy, Children}) -> {ok, {#{strategy => Strategy, intensity => 1000000000, period => 1}, Children}}.

start_supervisor(Strategy, Children) ->
    {ok, Supervisor} = supervisor:start_link(?MODULE, {Strategy, Children}),
    Supervisor.

stop(Supervisor) ->
    exit(Supervisor, shutdown),
    receive {'EXIT', Supervisor, _} -> ok end.

workers(Count, Owner) ->
    [#{id => N, start => {?MODULE, start_worker, [Owner]}, shutdown => 5000} || N <- lists:seq(1, Count)].

start_worker(Owner) -> proc_lib:start_link(?MODULE, worker_init, [Owner]).

worker_init(Owner) ->
    proc_lib:init_ack({ok, self()}),
    Owner =:= nobody orelse (Owner ! {new, self()}),
    work(0).

work(Sum) ->
    receive
        {add, N, Owner} -> Owner ! handled, work(Sum + N);
        crash -> error(told_to_crash);
        crash_untraced -> exit(told_to_crash)
    end.

%% Restarts

%% At each restart a supervisor goes through all those of the period, so that one that lives long would be measured with
%% its past. Each batch has fresh ones, started and stopped outside the time that counts.
ns_per_restart(Seconds, Start, Restart) ->
    End = erlang:monotonic_time(nanosecond) + round(Seconds * 1.0e9),
    ns_per_restart(End, Start, Restart, 0, 0).

ns_per_restart(End, Start, Restart, Spent, Restarts) ->
    {Supervisors, Workers} = Start(),
    Before = erlang:monotonic_time(nanosecond),
    Count = Restart(Workers),
    Now = erlang:monotonic_time(nanosecond),
    [stop(Supervisor) || Supervisor <- Supervisors],
    case {Spent + Now - Before, Restarts + Count} of
        {AllSpent, All} when Now < End -> ns_per_restart(End, Start, Restart, AllSpent, All);
        {AllSpent, All} -> AllSpent / All
    end.

start_crew() ->
    {Supervisor, Workers} = start_told(one_for_one, ?WORKERS),
    {[Supervisor], Workers}.

start_groups() ->
    lists:unzip([start_told(one_for_all, ?GROUP_SIZE) || _ <- lists:seq(1, ?GROUPS)]).

start_told(Strategy, Count) ->
    Supervisor = start_supervisor(Strategy, workers(Count, self())),
    {Supervisor, new_workers(Count)}.

%% What is sent to a process that has crashed is lost: its successor is told, once it has said that it is there.
restart_each(Crash, Workers) ->
    [Worker ! Crash || Worker <- Workers],
    tell(new_workers(?WORKERS)),
    ?WORKERS.

restart_groups(Groups) ->
    [Worker ! crash || [Worker | _] <- Groups],
    tell(new_workers(?GROUPS * ?GROUP_SIZE)),
    ?GROUPS.

new_workers(Count) -> [receive {new, Worker} -> Worker end || _ <- lists:seq(1, Count)].

tell(Workers) ->
    [Worker ! {add, 1, self()} || Worker <- Workers],
    await(handled, length(Workers)).

%% Stops

stop_ms(Start) ->
    Others = erlang:system_info(process_count),
    Top = Start(),
    true = erlang:system_info(process_count) > Others + ?BRANCHES * ?LEAVES,
    Before = erlang:monotonic_time(nanosecond),
    stop(Top),
    After = erlang:monotonic_time(nanosecond),
    Others = erlang:system_info(process_count),
    (After - Before) / 1.0e6.

start_tree() ->
    Branch = [?MODULE, {one_for_one, workers(?LEAVES, nobody)}],
    start_supervisor(one_for_one, [
        #{id => N, type => supervisor, start => {supervisor, start_link, Branch}} || N <- lists:seq(1, ?BRANCHES)
    ]).

%% A parent that ends after its children, as ours do.
start_flat() ->
    Owner = self(),
    Top = spawn_link(fun() ->
        process_flag(trap_exit, true),
        Children = [spawn_link(fun() -> work(0) end) || _ <- lists:seq(1, ?BRANCHES * ?LEAVES)],
        Owner ! grown,
        receive {'EXIT', Owner, shutdown} -> ok end,
        [exit(Child, shutdown) || Child <- Children],
        [receive {'EXIT', Child, _} -> ok end || Child <- Children],
        exit(shutdown)
    end),
    await(grown, 1),
    Top.

%% A million idle ones

%% In a virtual machine of its own, since how many processes there may be is said at its start.
weigh_afresh() ->
    Folder = filename:dirname(code:which(?MODULE)),
    Args = ["+S", "1:1", "+P", integer_to_list(2 * ?IDLE), "-pa", Folder],
    {ok, Peer, _} = peer:start_link(#{connection => standard_io, args => Args}),
    Weight = peer:call(Peer, ?MODULE, weigh, [], 60000),
    peer:stop(Peer),
    Weight.

%% {resident, allocated}, in units of 2^20 bytes. Where nothing tells what is resident, it is what was allocated.
weigh() ->
    [spawn_batch() || _ <- lists:seq(1, ?IDLE div ?IDLE_BATCH)],
    true = erlang:system_info(process_count) > ?IDLE,
    erlang:garbage_collect(),
    Allocated = erlang:memory(total) / (1 bsl 20),
    Resident = case file:read_file("/proc/self/status") of
        {ok, Status} ->
            {match, [KiB]} = re:run(Status, "VmRSS:\\s*(\\d+)", [{capture, all_but_first, list}]),
            list_to_integer(KiB) / 1024;
        {error, _} -> Allocated
    end,
    {Resident, Allocated}.

%% Not linked: they outlive the call.
spawn_batch() ->
    Owner = self(),
    [spawn(fun() -> work(0) end) ! {add, 1, Owner} || _ <- lists:seq(1, ?IDLE_BATCH)],
    await(handled, ?IDLE_BATCH).

%% Fairness

fairness_measures() ->
    Under = maps:from_list([
        {"fairness under " ++ integer_to_list(1 bsl Exponent), fun(_) ->
            length([Envelopes || {_, Envelopes} <- get(waits), Envelopes < 1 bsl Exponent])
        end}
     || Exponent <- lists:seq(0, 20)
    ]),
    Under#{
        "fairness p50" => fun(_) -> put(waits, flood()), percentile_us(0.5) end,
        "fairness p99" => fun(_) -> percentile_us(0.99) end,
        "fairness max" => fun(_) -> percentile_us(1) end,
        "fairness max envelopes" => fun(_) -> lists:max([Envelopes || {_, Envelopes} <- get(waits)]) end
    }.

percentile_us(Fraction) ->
    Sorted = lists:sort([Ns || {Ns, _} <- get(waits)]),
    lists:nth(max(1, ceil(Fraction * length(Sorted))), Sorted) / 1000.

%% What both processes look at: how many of the flood were handled, whether a single one is under way, and how many of the
%% flood pass before the next one. It costs reductions: a step ends after fewer envelopes, not after more time.
-define(HANDLED, 1).
-define(UNDER_WAY, 2).
-define(LEFT, 3).

flood() ->
    Owner = self(),
    Counters = counters:new(3, [atomics]),
    Other = spawn_link(fun() -> single(Counters, 0, []) end),
    %% The mailbox stays out of what its garbage collections copy.
    Flooded = spawn_opt(fun() -> flooded(Counters, Other, Owner) end, [link, {message_queue_data, off_heap}]),
    erlang:suspend_process(Flooded),
    send(Flooded, ?FLOOD),
    erlang:resume_process(Flooded),
    await(over, 1),
    Other ! {report, Owner},
    Waits = receive {waits, All} -> All end,
    [receive {'EXIT', Pid, normal} -> ok end || Pid <- [Flooded, Other]],
    Waits.

send(_, 0) -> ok;
send(Flooded, Count) -> Flooded ! more, send(Flooded, Count - 1).

flooded(Counters, Other, Owner) ->
    receive more -> counters:add(Counters, ?HANDLED, 1) end,
    Handled = counters:get(Counters, ?HANDLED),
    case counters:get(Counters, ?UNDER_WAY) of
        1 -> ok;
        0 ->
            counters:sub(Counters, ?LEFT, 1),
            case counters:get(Counters, ?LEFT) > 0 of
                true -> ok;
                false ->
                    counters:put(Counters, ?UNDER_WAY, 1),
                    Other ! {single, erlang:monotonic_time(nanosecond), Handled}
            end
    end,
    case Handled of
        ?FLOOD -> Owner ! over;
        _ -> flooded(Counters, Other, Owner)
    end.

single(Counters, Gap, Waits) ->
    receive
        {single, SentNs, SentAfter} ->
            Wait = {erlang:monotonic_time(nanosecond) - SentNs, counters:get(Counters, ?HANDLED) - SentAfter},
            Next = (Gap + 97) rem 509,
            counters:put(Counters, ?LEFT, Next),
            counters:put(Counters, ?UNDER_WAY, 0),
            single(Counters, Next, [Wait | Waits]);
        {report, Owner} -> Owner ! {waits, Waits}
    end.

await(_, 0) -> ok;
await(What, Count) -> receive What -> await(What, Count - 1) end.
