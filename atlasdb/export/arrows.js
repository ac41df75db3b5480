// Adds to nilearn's page of a connectome: arrow heads, and names under the pointer.

if (typeof getLayout === 'function') {
  const plain = getLayout
  // Its own layout, which every change of the view brings back, has no pointer.
  window.getLayout = function () {
    const layout = plain.apply(null, arguments)
    layout.hovermode = 'closest'
    return layout
  }
}

function cones (chosen, colour) {
  const column = (key, k) => chosen.map(cone => cone[key][k])
  return {
    type: 'cone',
    x: column('at', 0),
    y: column('at', 1),
    z: column('at', 2),
    u: column('way', 0),
    v: column('way', 1),
    w: column('way', 2),
    anchor: 'tip',
    sizemode: 'absolute',
    sizeref: 3,
    colorscale: [[0, colour], [1, colour]],
    showscale: false,
    text: chosen.map(cone => cone.text),
    hoverinfo: 'text'
  }
}

$(document).ready(function () {
  const plot = document.getElementById('connectome-plot')
  plot.data.forEach(function (trace, index) {
    if ((trace.mode || '').includes('markers') && trace.x.length === added.names.length) {
      const shown = added.named ? added.names : added.names.map(() => '')
      Plotly.restyle(plot, {
        text: [shown],
        textfont: { size: 11 },
        hovertext: [added.names],
        hoverinfo: 'text'
      }, [index])
    } else {
      Plotly.restyle(plot, { hoverinfo: 'skip' }, [index])
    }
  })
  const negative = added.cones.filter(cone => !cone.positive)
  const positive = added.cones.filter(cone => cone.positive)
  const two = negative.length > 0
  if (positive.length) Plotly.addTraces(plot, cones(positive, two ? '#b2182b' : '#333'))
  if (two) Plotly.addTraces(plot, cones(negative, '#2166ac'))
  $('#select-view').val('top').trigger('change')
})
