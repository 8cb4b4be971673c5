"""Mission: personnel, funding, inputs beside outcomes, statements about it, police and indicators."""

from monitor.ui import blocks, filters, lineage, mission

with blocks.page("mission", "indicators"):
    choice = filters.chosen()
    mission.heading(choice)
    lineage.page_numbers(choice, "mission-inputs")
    filters.controls(choice)
    part = filters.part(mission.parts())
    if part == "statements":
        mission.statements(choice)
    elif part == "funding":
        mission.funding(choice)
    elif part == "inputs":
        mission.inputs(choice)
    elif part == "police":
        mission.police_and_capital(choice)
        mission.indicators(choice)
    else:
        mission.personnel(choice)
    mission.tables(choice)
