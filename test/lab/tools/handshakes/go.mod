module reroot.dev/lab/handshakes

go 1.25.0
