%% The line protocol of contender.ts: "<seconds> <what>" comes in, a number or "error <message>" goes out.
-module(contender).
-export([answer_measures/1, ns_per_operation/2]).

%% Measures: #{"what" => fun(Seconds) -> Number}. Ends the virtual machine when stdin ends.
answer_measures(Measures) ->
    io:format("ready~n"),
    loop(Measures).

loop(Measures) ->
    case io:get_line("") of
        eof -> halt();
        {error, _} -> halt();
        Line ->
            [Seconds, What] = string:split(string:trim(Line), " "),
            try (maps:get(What, Measures))(to_number(Seconds)) of
                Value -> io:format("~w~n", [Value])
            catch
                _:Reason -> io:format("error ~0p~n", [Reason])
            end,
            loop(Measures)
    end.

to_number(Text) ->
    case string:to_float(Text) of
        {error, no_float} -> list_to_integer(Text);
        {Float, _} -> Float
    end.

%% Repeats Batch, a fun that does work and returns how many operations that were, until Seconds are over.
ns_per_operation(Seconds, Batch) ->
    Start = erlang:monotonic_time(nanosecond),
    repeat(Start, Start + round(Seconds * 1.0e9), Batch, 0).

repeat(Start, End, Batch, Operations) ->
    Done = Operations + Batch(),
    case erlang:monotonic_time(nanosecond) of
        Now when Now < End -> repeat(Start, End, Batch, Done);
        Now -> (Now - Start) / Done
    end.
