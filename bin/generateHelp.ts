/** What follows the flags in the help of `sluice generate`. */
export const generateHelp = `
FILE, in UTF-8:
  .txt     a prompt a line; blank lines are skipped, all others are prompts ("#" begins no comment)
  .jsonl   a request a line, with Kling's field names: {"prompt":"a cat","duration":"10","id":"cat-1"}
           "product" is text2video (if left out), image2video, images or video-extend; with an "id" (1 to 40 of
           A-Z a-z 0-9 _ -) it is known by that, and the external id begins with it
  - or any other name: as .jsonl if the first line that is not blank begins with "{", else as .txt; but .json, a
           JSON array, .csv and .tsv are refused
  All of it is read and checked first: on a bad line nothing is sent, and each is told by its number.

Going on:
  Run the same command again, whatever ended it (Ctrl-C, kill -9, no power): what has ended is not made again, what
  runs is taken over, what may have been sent is looked up, the rest is sent. Nothing is paid for twice. DIR keeps
  the memory of that (journal.log, run.json), and one process at a time may use it. Prompts are known by what they
  ask for (equal ones by their number), or by their "id": lines may be added, moved and taken out. With other
  values of --model, --mode, --duration, --aspect-ratio, --negative-prompt, --api or --base-url all of them would be
  others, so DIR refuses them. --simulate keeps no journal, and begins anew.

Several workers:
  With --redis URL --run NAME any number of processes, on any machines, make the same FILE together: each prompt once.
  Each has an --out of its own, and ends when all prompts have, with all results in its results.jsonl. What a worker
  that was killed was at is taken over by the others, --lease later; after Ctrl-C, at once. The journal is in Redis
  (no journal.log in DIR): it must keep its data (appendonly yes), and NAME must be one that no other run ever had.
  All workers give the same flags that say what is made (see above). It needs the package redis: npm install redis.
  --download saves what this worker has made, and what had been made before it began. With --retry-failed each prompt
  that had failed before is made once more by one of them.

Results:
  DIR/results.jsonl gets a line as soon as a task has ended for good: index, id, prompt (its text), status, taskId,
  outputs, attempts, submittedAtMs, endedAtMs, error. One line a prompt, written once; only --retry-failed adds
  another, under a new id, for what has failed (refused prompts too): a prompt's last line counts. What is not over
  (overdue, given up for now, out of credits) is told at the end and gets no line: run the same command again.
  --download saves each output as DIR/videos/<index + 1>-<id>[-n].mp4 meanwhile; what is there is not loaded again.

Callbacks:
  --callback-port listens for word from Kling, so that polls are seldom needed. --callback-url is where Kling finds
  it (https://your.host/kling, forwarded to that port). Its secret (whsec_...) is KLING_CALLBACK_SECRET, in the
  environment; without one, what comes is only a reason to ask.

Credentials:
  KLING_API_KEY, or else (--api v1 alone) KLING_ACCESS_KEY and KLING_SECRET_KEY, in the environment. They are tried
  before anything is submitted.

Network:
  HTTPS_PROXY and HTTP_PROXY (http://user:password@proxy:8080), but for the hosts in NO_PROXY, lead to Kling and to what
  --download saves; in lower case each of them comes first. This machine itself (a simulator, say) and Redis are
  reached without. Where the proxy opens TLS, NODE_EXTRA_CA_CERTS names the file with the certificate of its authority.

Limits:
  free 1 task at once, 10 requests a minute, 66 credits a day; standard 3 and 30; pro 5 and 60; enterprise needs
  --concurrent (at least 10) and --rate. Exact numbers override a tier's; --concurrent auto asks the account, and
  gives way to others who use it, too. Polls are requests. Credits are estimated before and settled by what a task
  has cost; what a day's do not cover waits for midnight, what --run-credits do not cover is not sent.

Interrupting:
  Ctrl-C (or SIGTERM, SIGHUP): nothing new is submitted, the ids of what runs on are printed, and sluice ends.
  With --drain, and with --simulate, what runs is waited for; a second Ctrl-C then leaves at once.

Exit codes:
  0    all succeeded, and was saved where that was asked for
  1    some failed, are not over or could not be saved, or the journal or the results could not be written to the
       end (then what is missing is printed)
  2    wrong usage, configuration or credentials, or DIR is in use; nothing was submitted
  130  interrupted

Examples:
  $ sluice generate prompts.txt --tier pro --duration 10 --aspect-ratio 9:16 --download
  $ sluice generate shots.jsonl --concurrent auto --rate off --run-credits 5000 --out monday --progress lines
  $ echo "a cat that yawns" | sluice generate - --simulate --speed 60`;
