-- What wrk sends when that is not one GET: `wrk ... -s requests.lua URL -- PIPELINED [JSON]`.
--
-- wrk formats its request once, after this, and sends those bytes ever after, so that no Lua runs while it measures.
-- It counts how many requests they hold, and waits for as many answers before it sends them again.
function init(args)
  local pipelined, json = tonumber(args[1]), args[2]
  if json then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = json
  end
  local requests = wrk.format():rep(pipelined)
  wrk.format = function() return requests end
end
