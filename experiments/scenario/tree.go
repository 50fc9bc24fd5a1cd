package scenario

import (
	"errors"
	"fmt"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// nodeDepthMax bounds the nesting of a scenario file.
const nodeDepthMax = 32

// parseTree turns a file into one YAML node. A syntax error is reported to the
// collector, and the node is nil.
func parseTree(c *collector, src []byte) ast.Node {
	file, err := parseYAML(src)
	var syntax *yaml.SyntaxError
	switch {
	case errors.As(err, &syntax):
		c.add(placeOf(syntax.Token), "", "this is not YAML: "+syntax.Message, "")
		return nil
	case err != nil:
		c.add(place{}, "", "this is not YAML: "+err.Error(), "")
		return nil
	}
	var docs []*ast.DocumentNode
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			docs = append(docs, doc)
		}
	}
	if len(docs) == 0 {
		c.add(place{}, "", "the file is empty", "begin with `apiVersion: "+APIVersion+"`")
		return nil
	}
	if len(docs) > 1 {
		c.add(startOf(docs[1].Body), "", "the file holds more than one document", "put each scenario into a file of its own")
		return nil
	}
	return docs[0].Body
}

// parseYAML calls the library and turns a panic on odd input into an error:
// a user's file must never bring the program down.
func parseYAML(src []byte) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the YAML reader cannot read it (%v)", r)
		}
	}()
	return parser.ParseBytes(src, 0, parser.AllowDuplicateMapKey())
}

// pair is one key of a mapping with its value.
type pair struct {
	key   string
	at    place
	value ast.Node
}

// pairsOf returns the keys of a mapping; ok is false for any other node.
func pairsOf(n ast.Node) (pairs []pair, ok bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		for _, v := range m.Values {
			pairs = append(pairs, pairOf(v))
		}
		return pairs, true
	case *ast.MappingValueNode:
		return []pair{pairOf(m)}, true
	}
	return nil, false
}

func pairOf(v *ast.MappingValueNode) pair {
	p := pair{at: startOf(v), value: v.Value}
	if t := v.Key.GetToken(); t != nil {
		p.key = t.Value
	}
	return p
}

// startOf is the place of the first sign of a node.
func startOf(n ast.Node) place {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return startOf(m.Values[0])
		}
		return placeOf(m.Start)
	case *ast.MappingValueNode:
		return placeOf(m.Key.GetToken())
	case nil:
		return place{}
	}
	return placeOf(n.GetToken())
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}

// scalarText is the text of a scalar as written, without quotes.
func scalarText(n ast.Node) (string, bool) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, true
	case *ast.LiteralNode:
		return s.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// isText reports whether a node is a string rather than a number or a boolean.
func isText(n ast.Node) bool {
	switch n.(type) {
	case *ast.StringNode, *ast.LiteralNode:
		return true
	}
	return false
}

// kindOf names a node for users.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case nil, *ast.NullNode:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.BoolNode:
		return "a boolean"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias"
	case *ast.TagNode:
		return "a tag"
	}
	return "a text"
}
