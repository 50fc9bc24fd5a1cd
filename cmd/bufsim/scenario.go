package main

import (
	"strings"

	"github.com/spf13/cobra"

	"bufsim/experiments/report"
	"bufsim/experiments/runner"
	"bufsim/experiments/scenario"
	"bufsim/model/release"
)

// guideRelease is the release whose figures the buffering guide prints.
const guideRelease = "v13"

func (a *app) scenarioCommand() *cobra.Command {
	var (
		in   jobInput
		form *formValue
	)
	c := &cobra.Command{
		Use:   "scenario NUMBER|NAME|all",
		Short: "Play scenarios of the buffering guide beside the guide's figures",
		Long: `Plays one of the seven scenarios of the buffering guide, or all of them, from
gateslap's own .ini files, and prints the guide's counters beside ours: which lines
agree, which differ, and why. The guide's figures come from release v13.

` + "`bufsim scenario show NAME`" + ` prints the scenario's file with all defaults, to begin a
scenario of one's own.`,
		Example: `  bufsim scenario 5 --release v13
  bufsim scenario all --release v24
  bufsim scenario show 3 > own.yaml && bufsim run own.yaml`,
		Args: scenarioCommandArgs,
		ValidArgsFunction: func(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 1 && args[0] == "show" {
				return scenarioArgs(c, nil, word)
			}
			names, directive := scenarioArgs(c, args, word)
			return append(names, "all", "show"), directive
		},
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "show" {
				return a.showScenario(args[1])
			}
			return a.playGuide(c, &in, args[0], form.form)
		},
	}
	in.register(c)
	form = registerOutput(c, "text", "json", "md")
	return c
}

func scenarioCommandArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 && args[0] == "show" {
		return exactlyOne("scenario to show", "bufsim scenario show 3")(c, args[1:])
	}
	return exactlyOne("scenario", "bufsim scenario 5")(c, args)
}

// comparison is one scenario beside the guide.
type comparison struct {
	Result *runner.Result     `json:"result"`
	Guide  []report.GuideLine `json:"guide"`
	Replay string             `json:"replay"`

	scenario    *scenario.Scenario
	differences []string
}

func (a *app) playGuide(c *cobra.Command, in *jobInput, which, form string) error {
	names := []string{which}
	if which == "all" {
		names = guideScenarios()
	}
	var (
		list   []comparison
		differ int
		first  error
	)
	for _, name := range names {
		cmp, err := a.compare(c, in, name)
		if err != nil {
			return err
		}
		list = append(list, cmp)
		differ += unexplained(cmp.Result.Release, cmp.Guide)
		if err := verdict(cmp.Result); err != nil && first == nil {
			first = err
		}
	}
	if err := a.printGuide(form, list); err != nil {
		return err
	}
	if first == nil && differ > 0 {
		return errFinding()
	}
	return first
}

func (a *app) compare(c *cobra.Command, in *jobInput, name string) (comparison, error) {
	j, err := a.prepare(c, in, name)
	if err != nil {
		return comparison{}, err
	}
	if j.scenario.Expect == nil {
		return comparison{}, usage("the scenario %s has no published figures to compare with; play it with `bufsim run %s`", name, name)
	}
	result, err := j.play(runner.Options{})
	if err != nil {
		return comparison{}, err
	}
	return comparison{result, report.GuideLines(j.scenario, result), j.replay, j.scenario, j.differences()}, nil
}

func (a *app) printGuide(form string, list []comparison) error {
	if form == "json" {
		return a.printJSON(list)
	}
	render := report.Guide
	if form == "md" {
		render = report.GuideMarkdown
	}
	var pages []string
	for _, cmp := range list {
		pages = append(pages, render(cmp.scenario, cmp.Result, cmp.differences, cmp.Replay))
	}
	return a.printText(strings.Join(pages, "\n"))
}

// guideScenarios lists the built-in scenarios of the guide: those with a number.
func guideScenarios() []string {
	var names []string
	for _, n := range scenario.Names() {
		if n[0] >= '1' && n[0] <= '9' {
			names = append(names, n)
		}
	}
	return names
}

// unexplained counts the figures that no rule allows: differences on the guide's
// own release. Other releases are expected to differ.
func unexplained(releaseName string, lines []report.GuideLine) int {
	if releaseName != guideRelease {
		return 0
	}
	n := 0
	for _, l := range lines {
		if !l.Agrees && !l.Allowed {
			n++
		}
	}
	return n
}

// differences lists the behaviours in which the job's release differs from the
// guide's, for explanations.
func (j *job) differences() []string {
	if j.profile.Name == guideRelease {
		return nil
	}
	guide, err := release.Lookup(guideRelease)
	if err != nil {
		return nil
	}
	return report.Differences(guide, j.profile)
}

func (a *app) showScenario(name string) error {
	s, err := loadScenario(name)
	if err != nil {
		return err
	}
	_, err = a.out.Write(s.Marshal())
	return err
}
