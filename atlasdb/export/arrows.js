// Adds to nilearn's page of a connectome: arrow heads, and names under the pointer.

if (typeof getLayout === 'function') {
  const plain = getLayout
  // Every change of the view or of the opacity brings back its own layout, which has
  // no pointer, no room above and no title.
  window.getLayout = function () {
    const layout = plain.apply(null, arguments)
    layout.hovermode = 'closest'
    layout.margin.t = 80
    layout.title = {
      text: added.title,
      font: { size: 14, color: '#000' },
      yref: 'container',
      y: 0.97,
      yanchor: 'top'
    }
    return layout
  }
}

function heads (arrows) {
  const mesh = { x: [], y: [], z: [], i: [], j: [], k: [], facecolor: [], text: [] }
  for (const arrow of arrows) {
    const first = mesh.x.length
    const last = arrow.points.length - 1
    arrow.points.forEach(function (point) {
      mesh.x.push(point[0])
      mesh.y.push(point[1])
      mesh.z.push(point[2])
      mesh.text.push(arrow.text)
    })
    // The first point is the tip, the others go round the foot.
    for (let corner = 1; corner <= last; corner++) {
      mesh.i.push(first)
      mesh.j.push(first + corner)
      mesh.k.push(first + corner % last + 1)
      mesh.facecolor.push(arrow.colour)
    }
  }
  return Object.assign(mesh, { type: 'mesh3d', hoverinfo: 'text' })
}

$(document).ready(function () {
  const plot = document.getElementById('connectome-plot')
  plot.data.forEach(function (trace, index) {
    if ((trace.mode || '').includes('markers') && trace.x.length === added.names.length) {
      const shown = added.named ? added.names : added.names.map(() => '')
      Plotly.restyle(plot, {
        text: [shown],
        'textfont.size': 20,
        textposition: 'top center',
        hovertext: [added.names],
        hoverinfo: 'text'
      }, [index])
    } else {
      Plotly.restyle(plot, { hoverinfo: 'skip' }, [index])
    }
  })
  if (added.arrows.length) Plotly.addTraces(plot, heads(added.arrows))
  $('#select-view').val('top').trigger('change')
})
