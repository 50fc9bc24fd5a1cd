package scenario

// Topo is the topology service.
//
// spec: O-44
type Topo struct {
	// Implementation is empty for etcd2 once resolved, so that scenarios from before
	// there was a choice stay what they were; ask [Topo.Name].
	Implementation TopoImplementation `json:"implementation,omitempty" jsonschema:"implementation of the topology service; etcd2 if left out"`
	// CellServers gives each cell a server of its own; otherwise all cells share the global
	// one. spec: O-1
	CellServers bool `json:"cell_servers,omitempty" jsonschema:"each cell has a topology server of its own, beside the global one"`
}

// Name is the name of the implementation.
func (t Topo) Name() string {
	if t.Implementation == "" {
		return string(TopoEtcd2)
	}
	return string(t.Implementation)
}

func (t *Topo) resolve() {
	if t.Implementation == TopoEtcd2 {
		t.Implementation = ""
	}
}

// TopoImplementation is the name of an implementation of the topology service.
type TopoImplementation string

// The implementations.
const (
	TopoEtcd2  TopoImplementation = "etcd2"
	TopoZK2    TopoImplementation = "zk2"
	TopoConsul TopoImplementation = "consul"
	TopoMemory TopoImplementation = "memorytopo"
)

// Values lists the implementations.
func (TopoImplementation) Values() []string {
	return []string{string(TopoEtcd2), string(TopoZK2), string(TopoConsul), string(TopoMemory)}
}
