-- What wrk posts: `wrk ... -s transfers.lua URL -- RUN ACCOUNTS AMOUNT_MAX`. Every transfer has an id of its own, ascending, as
-- ids are that begin with a time; accounts are taken at random, the same ones in every run.
function init(args)
  run, accounts, amounts = args[1], tonumber(args[2]), tonumber(args[3])
  count = 0
  math.randomseed(1)
  wrk.headers["Content-Type"] = "application/json"
end

function request()
  count = count + 1
  local from = math.random(accounts)
  -- Another one than `from`.
  local to = (from + math.random(accounts - 1) - 1) % accounts + 1
  local body = string.format('{"id":"%s-%09d","from":%d,"to":%d,"amount":%d}', run, count, from, to, math.random(amounts))
  return wrk.format("POST", nil, nil, body)
end
