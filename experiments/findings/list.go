package findings

// lasting are the findings after which statements fail for longer than the failover.
func lasting() []Finding {
	return []Finding{
		{
			Slug: "clock-behind", Title: "A new primary whose clock is behind is refused, and the shard has no primary",
			Rules: []string{"D-93", "D-94", "T-77", "R-223"}, Traffic: crowds(),
		},
		{
			Slug: "lease-ends-switch", Title: "A switch with a long time-out loses its lock and leaves no primary",
			Rules: []string{"O-38", "O-36"}, Hidden: []string{"v18"},
			Remedies: []string{"--topo-etcd-lease-ttl=120"}, Traffic: []string{"clients=60", "clients=20", "clients=5"},
		},
		{
			Slug: "interrupted-demotion", Title: "A demotion whose caller dies leaves a serving primary that is read-only",
			Rules: []string{"R-31", "R-66"}, Traffic: crowds(),
		},
		{
			Slug: "deleted-record", Title: "The record of a serving primary is deleted, and nothing is buffered",
			Rules: []string{"D-95", "D-37"}, Traffic: crowds(),
		},
		{
			Slug: "late-rediscovery", Title: "A primary that was gone for a minute is found up to a minute late",
			Rules: []string{"D-101", "D-12"}, Remedies: []string{"--healthcheck-timeout=5s"},
			Traffic: []string{"think=750ms", "think=250ms"},
		},
		{
			Slug: "lost-health-message", Title: "One lost health message of the new primary costs twenty seconds",
			Rules: []string{"D-98", "D-48"}, Remedies: []string{"--health-check-interval=5s"}, Traffic: crowds(),
		},
		{
			Slug: "undone-switch-window", Title: "With default flags a switch that is undone takes longer than requests are held",
			Rules: []string{"R-75", "G-76"}, Traffic: crowds(),
			Remedies: []string{"--buffer-window=20s", "--wait-replicas-timeout=8s"},
		},
		{
			Slug: "abandoned-write", Title: "A client gives up, tries again, and its write happens twice",
			Rules: []string{"W-47"}, Traffic: crowds(),
		},
		{
			Slug: "process-death", Title: "The death of the primary's process now and then costs a statement",
			Rules: []string{"D-89", "G-44"}, Traffic: crowds(),
		},
		{
			Slug: "second-switch-unprotected", Title: "A second switch within a minute is not buffered",
			Rules: []string{"P-11"}, Remedies: []string{"--buffer-min-time-between-failovers=30s"}, Traffic: crowds(),
		},
	}
}

// waiting are the findings in which requests wait for nothing, though a primary serves.
func waiting() []Finding {
	return []Finding{
		{
			Slug: "mysqld-blink", Title: "MySQL restarts within a second, and requests wait out their window",
			Rules: []string{"D-87", "D-56", "G-31"}, Hidden: []string{"v18"}, Traffic: crowds(),
		},
		{
			Slug: "read-only-flip", Title: "Half a second of read-only costs the whole window",
			Rules: []string{"D-87", "D-56", "R-148"}, Traffic: crowds(),
		},
		{
			Slug: "undone-switch-sparse", Title: "The end of an undone switch is missed under little traffic",
			Rules: []string{"D-87", "R-73"}, Hidden: []string{"v18"},
			Remedies: []string{"--health-check-interval=5s"}, Traffic: crowds(),
		},
		{
			Slug: "unheard-undo", Title: "A gate that did not hear the demotion misses the end of an undone switch",
			Rules: []string{"R-73", "D-48"}, Remedies: []string{"--health-check-interval=1s"}, Traffic: crowds(),
		},
		{
			Slug: "dead-shard-holds-others", Title: "A shard without a primary makes the switches of all other shards wait",
			Rules: []string{"D-67", "D-69"}, Traffic: crowds(),
		},
		{
			Slug: "blink-holds-others", Title: "A blink of one shard makes the next switch of another one wait",
			Rules: []string{"D-87", "D-69"}, Hidden: []string{"v18"}, Traffic: []string{"gates=1"},
		},
		{
			Slug: "slow-statement-in-drain", Title: "Two slow reads hold up everybody behind them in the drain",
			Rules: []string{"T-145a", "P-15"}, Hidden: []string{"v18"}, Remedies: []string{"--buffer-drain-concurrency=16"},
			Traffic: []string{"gates=1"},
		},
		{
			Slug: "slow-rdonly", Title: "One lagging tablet for reports makes a good switch report a failure",
			Rules: []string{"R-207", "R-217"}, Traffic: crowds(),
		},
	}
}
